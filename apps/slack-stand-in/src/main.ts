import { once } from 'node:events';

import { createLog, formatHostPort, runUntilSignal } from '@payments/runtime';
import { startSlackStandIn } from '@payments/servers';

import { readStandInConfig } from './config.ts';

/** No secret, and the same after a restart: whoever deploys it writes it into the notifier's `SLACK_WEBHOOK_URL`. */
const path = '/services/stand-in';

const log = createLog('slack-stand-in');

await runUntilSignal(
  async (stop) => {
    const { listen } = readStandInConfig(process.env);
    await using slack = await startSlackStandIn({ ...listen, path });
    slack.onMessage(({ text }) => log.info({ text }, 'message'));
    log.info({ http: formatHostPort({ ...listen, port: slack.port }) }, 'listening');
    if (!stop.aborted) await once(stop, 'abort');
  },
  { log },
);
