import { createLog, graceAfter, openHealth, runUntilSignal, waitFor } from '@payments/runtime';
import { lastValueFrom } from 'rxjs';
import { openChannels } from './channel/open-channels.ts';
import { readMigrationConfig, readNotifierConfig } from './config.ts';
import { handleMessages } from './consume/handle-message.ts';
import { notifier } from './consume/notifier.ts';
import { observeLag } from './consume/observe-lag.ts';
import { paymentMessages$ } from './consume/payment-messages.ts';
import { warnOfRetention } from './consume/warn-of-retention.ts';
import { openDeadLetters } from './dead-letters/open-dead-letters.ts';
import { migrateInbox } from './inbox/migrate-inbox.ts';
import { openPool } from './inbox/open-pool.ts';
import { purgeInbox } from './inbox/purge-inbox.ts';
import { openTally } from './tally.ts';
import { beginTimeoutMs, claimLeaseMs, drainTimeoutMs, graceMs, postTimeoutMs } from './timing.ts';

const log = createLog('notifier');

await runUntilSignal(
  async (stop) => {
    const say = (line: string) => log.info(line);
    if (process.argv.includes('--migrate-only')) {
      // It takes as long as it takes.
      return await migrateInbox({ ...readMigrationConfig(process.env), answerWithinMs: 0, log: say });
    }
    const { databaseUrl, http, kafka, groupId, sessionTimeoutMs, retentionMs, ...config } =
      readNotifierConfig();
    await using health = await openHealth({ listen: http.listen, parts: ['postgres', 'kafka'], stop });
    await using _lag = observeLag({ kafka, groupId, log });
    log.info({ http: health.address }, 'listening');

    await waitFor('postgres', () => migrateInbox({ databaseUrl, log: say }), { stop, log, health });
    await using pool = openPool(databaseUrl);
    const tally = openTally();
    const grace = graceAfter(stop, graceMs);
    await using deadLetters = openDeadLetters({ kafka, groupId, tally, health, log, stop, grace });
    const channelsOf = openChannels({
      pool,
      routing: config.routing,
      slack: { ...config.slack, timeoutMs: postTimeoutMs },
      digest: { ...config.digest, lines: config.text.digestLines },
      text: config.text,
      leaseMs: claimLeaseMs,
      beginTimeoutMs,
      tally,
      health,
      log,
      stop,
      grace,
    });

    const telling = lastValueFrom(
      notifier({
        messages$: paymentMessages$({ kafka, groupId, sessionTimeoutMs, drainTimeoutMs, stop, health, log }),
        handle: handleMessages({ channelsOf, deadLetters, groupId, tally, log, stop }),
      }),
      { defaultValue: null },
    );
    void warnOfRetention({ kafka, retentionMs, stop, log });
    await Promise.all([telling, purgeInbox({ pool, retentionMs, stop, log })]);
    log.info({ ...tally }, 'stopped');
  },
  { log },
);
