import { randomUUID } from 'node:crypto';
import { readOffsets, readRanges$ } from '@payments/kafka';
import type { ReadMessage } from '@payments/kafka';
import type { RunningKafka } from '@payments/servers';
import { fromEvent, NEVER, takeUntil } from 'rxjs';
import { numberIn, payloadBytes } from './messages.ts';
import type { Messages } from './messages.ts';

/** What arrived of some messages. */
export interface Arrived {
  /** Deliveries after the first one of a message. */
  repeats: number;
  /** Messages that never came: 0, but for a system that `mayLose` them. */
  missing: number;
  /** First deliveries that came behind a later message of their key: 0, but for a system that `mayLose` messages. */
  disordered: number;
}

/** What should arrive. */
export interface Expected extends Messages {
  /** The names that every message must have: those of the contract when not given. */
  headers?: readonly string[] | undefined;
  /** Count what is missing or out of order, and tell it, instead of refusing it: of a system that promises no more. */
  mayLose?: boolean | undefined;
  /** Is told how far the reading is, where that takes long. */
  log?: ((line: string) => void) | undefined;
  /** Gives up the reading. */
  stop?: AbortSignal | undefined;
}

/** What the contract asks of every message; the writer's `tracestate` alone is optional. */
export const contractHeaders = [
  ...['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject'],
  ...['content-type', 'traceparent'],
];

/** After how many messages it is told how far it is. */
const tellEvery = 1_000_000;

/**
 * Reads all of a topic and holds it against what was written: every message there, its key and size right, the headers complete,
 * and the first deliveries of each key in the order of their numbers. No system's figure counts without it.
 * @throws Error that says what is missing or wrong
 */
export async function checkArrived(
  { brokers }: Pick<RunningKafka, 'brokers'>,
  expected: Expected,
): Promise<Arrived> {
  const { topic, count, log, stop } = expected;
  const kafka = { brokers, clientId: 'bench' };
  const groupId = `bench-${randomUUID()}`;
  const offsets = (await readOffsets({ kafka, topic, groupId })) ?? [];
  const ranges = offsets.map(({ partition, low, high }) => ({ partition, from: low, until: high }));
  const check = arrivalsOf(expected);
  const messages$ = readRanges$({ kafka, topic, ranges, groupId });
  let read = 0;
  await messages$.pipe(takeUntil(stop ? fromEvent(stop, 'abort') : NEVER)).forEach((message) => {
    check.take(message);
    if (++read % tellEvery === 0)
      log?.(`${read.toLocaleString('en')} of ${count.toLocaleString('en')} are checked`);
  });
  stop?.throwIfAborted();
  return check.outcome();
}

/** Takes messages as they arrive, and says what became of them. */
export function arrivalsOf({
  topic,
  from,
  count,
  keys,
  headers = contractHeaders,
  mayLose = false,
}: Expected): {
  take: (message: ReadMessage) => void;
  outcome: () => Arrived;
} {
  const seen = new Uint8Array(count);
  const latest = new Map<string, number>();
  const faults: string[] = [];
  let [repeats, disordered] = [0, 0];
  return {
    take: (message) => {
      const number = numberIn(message.value);
      const index = number - from;
      if (!(index >= 0 && index < count)) return void faults.push(`nobody wrote number ${number}`);
      if (seen[index]) return void repeats++;
      seen[index] = 1;
      faults.push(...faultsOf(message, { number, keys, headers }));
      const before = latest.get(message.key) ?? -1;
      if (before > number) disordered++;
      if (before > number && !mayLose)
        faults.push(`number ${number} of ${message.key} came behind ${before}`);
      latest.set(message.key, Math.max(before, number));
    },
    outcome: () => {
      const missing = seen.reduce((sum, one) => sum + (one ? 0 : 1), 0);
      if (missing > 0 && !mayLose)
        faults.push(`${missing} of ${count} never arrived, number ${from + seen.indexOf(0)} among them`);
      if (faults.length === 0) return { repeats, missing, disordered };
      const more = faults.length > 5 ? ` and ${faults.length - 5} faults more` : '';
      throw new Error(`${topic}: ${faults.slice(-5).join('; ')}${more}`);
    },
  };
}

function faultsOf(
  message: ReadMessage,
  { number, keys, headers }: { number: number; keys: number; headers: readonly string[] },
): string[] {
  const missing = headers.filter((name) => !message.headers[name]);
  return [
    message.key === `key-${number % keys}` ? [] : [`number ${number} has key ${message.key}`],
    message.value.byteLength === payloadBytes
      ? []
      : [`number ${number} has ${message.value.byteLength} bytes`],
    missing.length === 0 ? [] : [`number ${number} lacks ${missing.join(', ')}`],
  ].flat();
}
