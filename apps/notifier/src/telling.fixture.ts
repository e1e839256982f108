import { createLog } from '@payments/runtime';
import type { Log } from '@payments/runtime';
import type { ConsumedMessage } from '@payments/kafka';
import type { AnEvent } from './an-event.fixture.ts';
import { migrateInbox } from './migrate-inbox.ts';
import { openInbox } from './open-inbox.ts';
import { openSlack } from './open-slack.ts';
import { postToSlack } from './post-to-slack.ts';
import { openTally } from './tally.ts';
import { tellMessage } from './tell-message.ts';
import type { TellOptions, Told } from './tell-message.ts';

/** For specs: one notifier without Kafka. */
export type ANotifier = AsyncDisposable & {
  tell: (message: ConsumedMessage) => Promise<Told>;
  tally: TellOptions['tally'];
  /** What `/readyz` would say against being ready, by part. */
  unready: ReadonlyMap<string, string>;
  log: Log;
  /** What it logged, as objects. */
  lines: Record<string, unknown>[];
  stop: AbortController;
  grace: AbortController;
};

/**
 * Opens one on a database, which it migrates. Times in milliseconds; back-off is quick. A post is given up late: it shares
 * this process with the stand-in, and after a standstill of both its answer would count as lost.
 */
export async function aNotifier(options: {
  databaseUrl: string;
  webhookUrl: string;
  leaseMs?: number;
  timeoutMs?: number;
  minIntervalMs?: number;
}): Promise<ANotifier> {
  const { databaseUrl, webhookUrl, leaseMs = 60_000, timeoutMs = 20_000, minIntervalMs = 0 } = options;
  await migrateInbox({ databaseUrl });
  const inbox = openInbox({ databaseUrl, leaseMs, renewTimeoutMs: 10_000 });
  const unready = new Map<string, string>();
  const health = {
    address: '',
    ready: (part: string) => void unready.delete(part),
    notReady: (part: string, reason: string) => void unready.set(part, reason),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { log, lines } = aLog();
  const backoffMs = { minMs: 10, maxMs: 50 };
  const post = (text: Parameters<typeof postToSlack>[0]) => postToSlack(text, { webhookUrl, timeoutMs });
  const slack = openSlack({ post, minIntervalMs, backoffMs, brokenPauseMs: 100, health, log });
  const [stop, grace, tally] = [new AbortController(), new AbortController(), openTally()];
  const telling = { inbox, slack, tally, health, log, stop: stop.signal, grace: grace.signal };
  const underWay = new Set<Promise<Told>>();
  return {
    tell(message) {
      const told = tellMessage(message, telling);
      underWay.add(told);
      return told;
    },
    tally,
    unready,
    log,
    lines,
    stop,
    grace,
    async [Symbol.asyncDispose]() {
      stop.abort();
      grace.abort();
      await Promise.allSettled(underWay);
      await inbox[Symbol.asyncDispose]();
    },
  };
}

/** For specs: an event as the Kafka library hands it on. */
export function asConsumed(event: AnEvent, revoked = new AbortController().signal): ConsumedMessage {
  const nothing = () => undefined;
  const place = { topic: 'payment-event', partition: 0, offset: '7', timestamp: new Date(0) };
  return { ...place, ...event, ack: nothing, leave: nothing, revoked };
}

function aLog(): { log: Log; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: createLog('notifier', { destination: { write } }), lines };
}
