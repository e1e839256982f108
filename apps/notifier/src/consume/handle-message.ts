import type { ConsumedMessage } from '@payments/kafka';
import type { Log } from '@payments/runtime';
import type { Channel } from '../channel/open-channel.ts';
import type { DeadLetters } from '../dead-letters/open-dead-letters.ts';
import { decodeEvent } from '../event/decode-event.ts';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { MessageEnd, Tally } from '../tally.ts';

/** What handling needs. */
export type HandleOptions = {
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
  const handle = (message: ConsumedMessage): Promise<MessageEnd> => {
    const decoded = decodeEvent(message);
    switch (decoded.kind) {
      case 'event':
        return tell(message, decoded.event, options);
      case 'unknown':
        unknown(decoded.type);
        return Promise.resolve('skipped');
      case 'unreadable':
        return setAside(message, decoded.reason, options);
    }
  };
  return async (message) => {
    const end = stop.aborted || message.revoked.aborted ? 'left' : await handle(message);
    tally.count(end);
    return end;
  };
}

async function tell(
  message: ConsumedMessage,
  event: PaymentEvent,
  options: HandleOptions,
): Promise<MessageEnd> {
  const ends = await Promise.all(options.channelsOf(event).map((channel) => channel.tell(message, event)));
  if (ends.some(({ kind }) => kind === 'left')) return 'left';
  const reasons = ends.flatMap((end) => (end.kind === 'refused' ? [end.reason] : []));
  if (reasons.length > 0) return await setAside(message, reasons.join('; '), options);
  return ends.some(({ kind }) => kind === 'told') ? 'told' : 'repeatDropped';
}

/** What can never be told does not hold up the rest. */
async function setAside(
  message: ConsumedMessage,
  reason: string,
  { deadLetters, stop }: HandleOptions,
): Promise<MessageEnd> {
  try {
    await deadLetters.put(message, reason);
    return 'deadLettered';
  } catch (error) {
    if (stop.aborted || message.revoked.aborted) return 'left';
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
