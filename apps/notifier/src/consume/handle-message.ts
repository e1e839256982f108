import type { ConsumedMessage } from '@payments/kafka';
import type { Log } from '@payments/runtime';
import type { Channel } from '../channel/open-channel.ts';
import type { DeadLetters } from '../dead-letters/open-dead-letters.ts';
import { decodeEvent } from '../event/decode-event.ts';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { MessageEnd, Tally } from '../tally.ts';
import { openMessageMetrics } from './message-metrics.ts';
import { inProcessSpan } from './process-span.ts';
import type { Dealt, ProcessSpanOptions } from './process-span.ts';

/** What handling needs. */
export type HandleOptions = ProcessSpanOptions & {
  /** Where an event is told: one channel at least. */
  channelsOf: (event: PaymentEvent) => readonly Channel[];
  deadLetters: DeadLetters;
  tally: Tally;
  log: Pick<Log, 'info'>;
  /** No message is begun after it. */
  stop: AbortSignal;
};

/** Kinds that are named in the log, at most: whoever writes to the topic could write a new one with each message. */
const mostTypesSaid = 100;

/**
 * The way of a message: decoded, told in its channels, or set aside as a dead letter. Enters the channels before it
 * first waits, so that messages are told in the order in which they are handled. Rejects only for what nobody foresaw.
 */
export function handleMessages(options: HandleOptions): (message: ConsumedMessage) => Promise<MessageEnd> {
  const { tally, stop } = options;
  const unknown = sayUnknown(options.log);
  const metrics = openMessageMetrics(options);
  const handle = (message: ConsumedMessage): Promise<Dealt> => {
    const decoded = decodeEvent(message);
    switch (decoded.kind) {
      case 'event':
        return tell(message, decoded.event, options);
      case 'unknown':
        unknown(decoded.type);
        return Promise.resolve({ end: 'skipped' });
      case 'unreadable':
        return setAside(message, { type: 'unreadable', reason: decoded.reason }, options);
    }
  };
  const deal = async (message: ConsumedMessage, begunMs: number): Promise<Dealt> => {
    const dealt: Dealt = stop.aborted || message.revoked.aborted ? { end: 'left' } : await handle(message);
    tally.count(dealt.end);
    metrics.processed(message, performance.now() - begunMs, dealt);
    return dealt;
  };
  return async (message) => {
    metrics.consumed(message);
    const begunMs = performance.now();
    const { end } = await inProcessSpan(message, options, () => deal(message, begunMs));
    return end;
  };
}

async function tell(message: ConsumedMessage, event: PaymentEvent, options: HandleOptions): Promise<Dealt> {
  const ends = await Promise.all(options.channelsOf(event).map((channel) => channel.tell(message, event)));
  if (ends.some(({ kind }) => kind === 'left')) return { end: 'left' };
  const reasons = ends.flatMap((end) => (end.kind === 'refused' ? [end.reason] : []));
  if (reasons.length > 0)
    return await setAside(message, { type: 'refused', reason: reasons.join('; ') }, options);
  return { end: ends.some(({ kind }) => kind === 'told') ? 'told' : 'repeatDropped' };
}

/** What can never be told does not hold up the rest. */
async function setAside(
  message: ConsumedMessage,
  failure: NonNullable<Dealt['failure']>,
  { deadLetters, stop }: HandleOptions,
): Promise<Dealt> {
  try {
    await deadLetters.put(message, failure.reason);
    return { end: 'deadLettered', failure };
  } catch (error) {
    if (stop.aborted || message.revoked.aborted) return { end: 'left' };
    throw error;
  }
}

/** One line for each kind, not for each message. */
function sayUnknown(log: Pick<Log, 'info'>): (type: string) => void {
  const said = new Set<string>();
  return (type) => {
    if (said.has(type) || said.size >= mostTypesSaid) return;
    said.add(type);
    log.info({ type }, 'events of a kind that this version does not know are skipped');
  };
}
