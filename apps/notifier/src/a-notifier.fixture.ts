import { trace } from '@opentelemetry/api';
import { createLog } from '@payments/runtime';
import type { Log } from '@payments/runtime';
import type { ConsumedMessage } from '@payments/kafka';
import { openChannels } from './channel/open-channels.ts';
import type { DigestOptions } from './channel/queue.ts';
import { handleMessages } from './consume/handle-message.ts';
import { deadLettersInLog } from './dead-letters/dead-letters-in-log.fixture.ts';
import type { DeadLetters } from './dead-letters/open-dead-letters.ts';
import type { AnEvent } from './event/an-event.fixture.ts';
import { migrateInbox } from './inbox/migrate-inbox.ts';
import { openPool } from './inbox/open-pool.ts';
import { defaultChannel, routingBy } from './routes/routing.ts';
import type { Routing } from './routes/routing.ts';
import { openTally } from './tally.ts';
import type { MessageEnd, Tally } from './tally.ts';

/** For specs: one notifier without Kafka. */
export type ANotifier = AsyncDisposable & {
  handle: (message: ConsumedMessage) => Promise<MessageEnd>;
  channelsOf: ReturnType<typeof openChannels>;
  tally: Tally;
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
 * this process with the stand-in, and after a standstill of both its answer would count as lost. Messages are told one by
 * one, but for what is wished.
 */
export async function aNotifier(options: {
  databaseUrl: string;
  webhookUrl: string;
  routing?: Routing;
  deadLetters?: DeadLetters;
  digest?: Partial<DigestOptions>;
  leaseMs?: number;
  timeoutMs?: number;
  minIntervalMs?: number;
  burst?: number;
  beginTimeoutMs?: number;
}): Promise<ANotifier> {
  const { databaseUrl, webhookUrl, leaseMs = 60_000, timeoutMs = 20_000 } = options;
  await migrateInbox({ databaseUrl });
  const pool = openPool(databaseUrl);
  const unready = new Map<string, string>();
  const health = {
    ready: (part: string) => void unready.delete(part),
    notReady: (part: string, reason: string) => void unready.set(part, reason),
  };
  const { log, lines } = aLog();
  const [stop, grace, tally] = [new AbortController(), new AbortController(), openTally()];
  const common = { tally, health, log, stop: stop.signal, grace: grace.signal };
  const channelsOf = openChannels({
    ...common,
    pool,
    routing: options.routing ?? everythingInto(webhookUrl),
    slack: { minIntervalMs: options.minIntervalMs ?? 0, burst: options.burst ?? 1, timeoutMs },
    digest: { above: 1_000_000, max: 1_000, lines: 20, ...options.digest },
    text: { locale: 'en', digestLines: options.digest?.lines ?? 20 },
    leaseMs,
    beginTimeoutMs: options.beginTimeoutMs ?? 10_000,
    backoffMs: { minMs: 10, maxMs: 50 },
    brokenPauseMs: 100,
  });
  const deadLetters = options.deadLetters ?? deadLettersInLog(log);
  const handle = handleMessages({ ...common, channelsOf, deadLetters, groupId: 'notifier-spec' });
  const underWay = new Set<Promise<MessageEnd>>();
  return {
    handle(message) {
      const told = handle(message);
      underWay.add(told);
      return told;
    },
    channelsOf,
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
      await pool[Symbol.asyncDispose]();
    },
  };
}

/** For specs: an event as the Kafka library hands it on. */
export function asConsumed(event: AnEvent, revoked = new AbortController().signal): ConsumedMessage {
  const headers = Object.entries(event.headers).map(([key, text]) => ({ key, value: Buffer.from(text) }));
  const raw = { key: Buffer.from(event.key), value: event.value, headers };
  const nothing = () => undefined;
  const place = { topic: 'payment-event', partition: 0, offset: '7', timestamp: new Date(0) };
  return { ...place, ...event, raw, ack: nothing, leave: nothing, revoked };
}

const everythingInto = (webhookUrl: string): Routing =>
  routingBy({ channels: [{ name: defaultChannel, webhookUrl, format: 'blocks' }], routes: [] });

function aLog(): { log: Log; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  // The trace is there as it is under the preload: that of the context in which the line is written.
  const write = (line: string) => {
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    lines.push({ ...(JSON.parse(line) as object), ...(traceId && { trace_id: traceId }) });
  };
  return { log: createLog('notifier', { destination: { write } }), lines };
}
