import { createLog, graceAfter, openHealth, runUntilSignal, waitFor } from '@payments/runtime';
import { lastValueFrom } from 'rxjs';
import { readMigrationConfig, readNotifierConfig } from './config.ts';
import { migrateInbox } from './migrate-inbox.ts';
import { notifier } from './notifier.ts';
import { openInbox } from './open-inbox.ts';
import { openSlack } from './open-slack.ts';
import { paymentMessages$ } from './payment-messages.ts';
import { postToSlack } from './post-to-slack.ts';
import type { SlackText } from './slack-text.ts';
import { openTally } from './tally.ts';
import { tellMessage } from './tell-message.ts';
import { claimLeaseMs, drainTimeoutMs, graceMs, postTimeoutMs, renewTimeoutMs } from './timing.ts';

const log = createLog('notifier');

await runUntilSignal(
  async (stop) => {
    const say = (line: string) => log.info(line);
    if (process.argv.includes('--migrate-only')) {
      // It takes as long as it takes.
      return await migrateInbox({ ...readMigrationConfig(process.env), answerWithinMs: 0, log: say });
    }
    const { databaseUrl, http, kafka, groupId, traceUrl, ...config } = readNotifierConfig();
    const { webhookUrl, minIntervalMs } = config.slack;
    await using health = await openHealth({ listen: http.listen, parts: ['postgres', 'kafka'], stop });
    log.info({ http: health.address }, 'listening');

    await waitFor('postgres', () => migrateInbox({ databaseUrl, log: say }), { stop, log, health });
    await using inbox = openInbox({ databaseUrl, leaseMs: claimLeaseMs, renewTimeoutMs });

    const post = (text: SlackText) => postToSlack(text, { webhookUrl, timeoutMs: postTimeoutMs });
    const slack = openSlack({ post, minIntervalMs, health, log });
    const tally = openTally();
    const telling = { inbox, slack, tally, health, log, traceUrl, stop, grace: graceAfter(stop, graceMs) };

    await lastValueFrom(
      notifier({
        messages$: paymentMessages$({ kafka, groupId, drainTimeoutMs, stop, health, log }),
        tell: (message) => tellMessage(message, telling),
      }),
      { defaultValue: null },
    );
    log.info({ ...tally }, 'stopped');
  },
  { log },
);
