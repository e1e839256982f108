import { context, ROOT_CONTEXT } from '@opentelemetry/api';

import type { Log } from '../create-log.ts';
import type { SendingNews } from './span-queue.ts';

/**
 * Says in the log, once each, that traces cannot be sent and that they can again. The log is loaded when there is something to
 * say: the preload must not load pino before it is patched.
 */
export const sayOfSending: SendingNews = {
  away: (reason) =>
    say((log) => log.warn({ reason }, 'traces cannot be sent; spans are dropped until they can')),
  back: (lost) => say((log) => log.warn({ lost }, 'traces are sent again; some spans were lost')),
};

function say(line: (log: Log) => void): void {
  // It is no part of the trace whose span happened to fill a batch.
  void context.with(ROOT_CONTEXT, async () => {
    const { createLog } = await import('../create-log.ts');
    line(createLog('telemetry'));
  });
}
