import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { ReadMessage } from '@payments/kafka';
import type { Log } from '@payments/runtime';

/** Says what is set aside. Close it: what is not said yet is said then. */
export type SaySetAside = Disposable & {
  say(message: ReadMessage, reason: string): void;
};

/**
 * A line for each of the first `lines`, and from then on one every `everyMs` with how many more there were and the last one's
 * place and reason; a line for each again after a time of `everyMs` without any. A hundred thousand messages of garbage must not
 * write a hundred thousand lines: the dead-letter topic holds the reason of each.
 */
export function saySetAside(options: {
  log: Pick<Log, 'error'>;
  lines?: number;
  everyMs?: number;
}): SaySetAside {
  const { log, lines = 10, everyMs = 5_000 } = options;
  let [said, more] = [0, 0];
  let last: object = {};
  let timer: NodeJS.Timeout | undefined;

  function sumUp(): void {
    timer = undefined;
    if (more === 0) {
      said = 0;
      return;
    }
    log.error({ more, last }, `${String(more)} more messages that can never be told were set aside`);
    more = 0;
    timer = setTimeout(sumUp, everyMs);
  }

  return {
    say: ({ topic, partition, offset }, reason) => {
      // What it sums up belongs to no one's trace.
      timer ??= context.with(ROOT_CONTEXT, () => setTimeout(sumUp, everyMs));
      last = { topic, partition, offset, reason };
      if (said >= lines) more += 1;
      else log.error(last, 'a message that can never be told is set aside');
      said += 1;
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      if (more > 0) context.with(ROOT_CONTEXT, sumUp);
      clearTimeout(timer);
    },
  };
}
