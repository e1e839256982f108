import type { RelayMessage } from '../relay/read-messages.ts';
import { releaseParked } from './release-parked.ts';
import type { Job, ParkingBatch, ParkingContext } from './job.ts';
import { readParked, type ParkedMessages, type Place } from './read-parked.ts';
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
  const state = { count: request.count, kept: noneKept, outcome: null as string | null };
  let place: Place | undefined;
  /** A message of the key with which a limit cut the batch before off: what is left of it comes first in the next one. */
  let cut: RelayMessage | undefined;

  const freeCut = ([first]: readonly RelayMessage[]): void => {
    if (cut && (!first || orderOf(first) !== orderOf(cut))) parked.freeKey(lane, cut);
    cut = undefined;
  };

  const settle = async (found: ParkedMessages, refusals: readonly Refusal[]): Promise<void> => {
    const { messages, truncated } = found;
    const { heads } = await releaseParked(context, { messages, refusals }, async (released) => {
      state.kept = keptWith(state.kept, released.heads);
      state.count += released.published.length;
      state.outcome = truncated ? null : releaseOutcome(state.count, state.kept);
      await noteProgress(client, { ...request, count: state.count }, state.outcome);
    });
    const last = truncated ? messages.at(-1) : undefined;
    place = last && placeBehind(last, heads);
    cut = place?.go === 'WITH_KEY' ? last : undefined;
    const held = new Set([...heads.map(({ message }) => message), ...(cut ? [cut] : [])].map(orderOf));
    for (const message of messages) if (!held.has(orderOf(message))) parked.freeKey(lane, message);
    tryTopicsOf(context, messages, heads);
  };

  return {
    lane,
    outcome: () => state.outcome,
    next: async (): Promise<ParkingBatch | undefined> => {
      const found = await readParked(client, { lane, topic, key, place }, limits);
      freeCut(found.messages);
      if (found.messages.length > 0)
        return {
          kind: 'RELEASE',
          messages: found.messages,
          settle: (refusals) => settle(found, refusals),
        };
      state.outcome = releaseOutcome(state.count, state.kept);
      await noteProgress(client, { ...request, count: state.count }, state.outcome);
      return undefined;
    },
  };
}

/** Where it goes on behind a batch that a limit cut off: more may be left of the last one's key. What was refused is passed over. */
function placeBehind(last: RelayMessage, heads: readonly Refusal[]): Place {
  const { topic, key } = last;
  if (heads.some(({ message, cause }) => cause === 'TOPIC' && message.topic === topic))
    return { go: 'BEHIND_TOPIC', topic, key };
  const refused = heads.some(({ message }) => orderOf(message) === orderOf(last));
  return { go: refused ? 'BEHIND_KEY' : 'WITH_KEY', topic, key };
}

/** What was refused again: how many keys, and why the first was. No more than that: there may be 100,000, with payloads. */
interface Kept {
  count: number;
  first?: Pick<Refusal, 'cause' | 'code' | 'error'> & Pick<RelayMessage, 'id' | 'topic' | 'key'>;
}

const noneKept: Kept = { count: 0 };

function keptWith({ count, first }: Kept, heads: readonly Refusal[]): Kept {
  const [head] = heads;
  if (!head) return { count, ...(first && { first }) };
  const { id, topic, key } = head.message;
  const { cause, code, error } = head;
  return { count: count + heads.length, first: first ?? { id, topic, key, cause, code, error } };
}

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

/** What became of a release, in a sentence. */
function releaseOutcome(count: number, kept: Kept): string {
  const published = `${count} ${count === 1 ? 'message' : 'messages'} published`;
  if (!kept.first) return `${published}.`;
  const { id, topic, key, cause, code, error } = kept.first;
  const others = kept.count > 1 ? ` Likewise ${kept.count - 1} more.` : '';
  if (cause === 'TOPIC') {
    return `${published}; topic ${JSON.stringify(topic)} cannot be written to (${code}: ${error}), and its messages are released by themselves when it can.${others}`;
  }
  return (
    `${published}; message ${id} of key ${JSON.stringify(key)} was refused again (${code}: ${error}) ` +
    `and stays parked with what follows it: mend it and release the key again, or \`npm run outbox -- discard ${id}\`.${others}`
  );
}
