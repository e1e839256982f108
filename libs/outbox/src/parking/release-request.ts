import type { RelayMessage } from '../relay/read-messages.ts';
import { releaseParked } from './release-parked.ts';
import type { Job, ParkingBatch, ParkingContext } from './job.ts';
import { readParked, type Order, type ParkedMessages } from './read-parked.ts';
import { orderOf, type Refusal } from './refusal.ts';
import { noteProgress, type Request } from './requests.ts';

/**
 * Publishes what is parked of a key, a topic, or all of a lane. New messages of a key follow until nothing is left of it.
 * A key of which a message is refused again keeps the rest, and so does a topic; the others go on. Another relay that
 * takes the request over begins anew: what is published is settled, and what was refused is tried once more.
 */
export function releaseRequest(context: ParkingContext, request: Request): Job {
  const { client, limits, parked } = context;
  const { lane, topic, key } = request;
  const kept: Refusal[] = [];
  const state = { count: request.count, outcome: null as string | null };
  /** A message of the key with which a limit cut the batch before off: what is left of it comes first in the next one. */
  let cut: RelayMessage | undefined;

  const freeCut = ([first]: readonly RelayMessage[]): void => {
    if (cut && (!first || orderOf(first) !== orderOf(cut))) parked.freeKey(lane, cut);
    cut = undefined;
  };

  const settle = async (found: ParkedMessages, refusals: readonly Refusal[]): Promise<void> => {
    const { messages, truncated } = found;
    const { heads } = await releaseParked(context, { messages, refusals }, async (released) => {
      kept.push(...released.heads);
      state.count += released.published.length;
      state.outcome = truncated ? null : releaseOutcome(state.count, kept);
      await noteProgress(client, { ...request, count: state.count }, state.outcome);
    });
    const refused = new Set(heads.map(({ message }) => orderOf(message)));
    const { exhausted, last } = keysOf(
      messages.filter((message) => !refused.has(orderOf(message))),
      truncated,
    );
    for (const message of exhausted) parked.freeKey(lane, message);
    cut = last;
    tryTopicsOf(context, messages, heads);
  };

  return {
    lane,
    outcome: () => state.outcome,
    next: async (): Promise<ParkingBatch | undefined> => {
      const found = await readParked(client, { lane, topic, key, except: kept.map(orderKept) }, limits);
      freeCut(found.messages);
      if (found.messages.length > 0)
        return {
          kind: 'RELEASE',
          messages: found.messages,
          settle: (refusals) => settle(found, refusals),
        };
      state.outcome = releaseOutcome(state.count, kept);
      await noteProgress(client, { ...request, count: state.count }, state.outcome);
      return undefined;
    },
  };
}

/** One message of each key of a batch; apart from them that of the last key, of which more may be left where it was cut off. */
function keysOf(
  messages: readonly RelayMessage[],
  truncated: boolean,
): { exhausted: RelayMessage[]; last: RelayMessage | undefined } {
  const keys = [...new Map(messages.map((message) => [orderOf(message), message])).values()];
  return { exhausted: truncated ? keys.slice(0, -1) : keys, last: truncated ? keys.at(-1) : undefined };
}

/** What is left out from then on: of a topic that cannot be written to, all. */
const orderKept = ({ message, cause }: Refusal): Order => ({
  topic: message.topic,
  key: cause === 'TOPIC' ? null : message.key,
});

/** A parked topic that took a message is worth trying now. */
function tryTopicsOf(
  { parked }: ParkingContext,
  messages: ParkedMessages['messages'],
  heads: Refusal[],
): void {
  const refused = new Set(heads.filter(({ cause }) => cause === 'TOPIC').map(({ message }) => message.topic));
  for (const name of new Set(messages.map(({ topic }) => topic))) {
    const topic = parked.topic(name);
    if (topic && !refused.has(name)) topic.dueAt = 0;
  }
}

/** What became of a release, in a sentence. `kept`: the messages that were refused again, one of each key. */
function releaseOutcome(count: number, kept: readonly Refusal[]): string {
  const published = `${count} ${count === 1 ? 'message' : 'messages'} published`;
  const [first] = kept;
  if (!first) return `${published}.`;
  const { message, cause, code, error } = first;
  const others = kept.length > 1 ? ` Likewise ${kept.length - 1} more.` : '';
  if (cause === 'TOPIC') {
    return `${published}; topic ${JSON.stringify(message.topic)} cannot be written to (${code}: ${error}), and its messages are released by themselves when it can.${others}`;
  }
  return (
    `${published}; message ${message.id} of key ${JSON.stringify(message.key)} was refused again (${code}: ${error}) ` +
    `and stays parked with what follows it: mend it and release the key again, or \`npm run outbox -- discard ${message.id}\`.${others}`
  );
}
