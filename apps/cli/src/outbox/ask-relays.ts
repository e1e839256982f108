import {
  OutboxError,
  readParkedGroups,
  requestDiscard,
  requestRelease,
  requestRepublish,
  type connectForStatus,
  type Parked,
} from '@payments/outbox';
import { readSince } from './read-since.ts';
import { countText, strangersText } from '../terminal/texts.ts';

type Client = Awaited<ReturnType<typeof connectForStatus>>;

/** Something to ask of the relays: what it does, in a sentence, and how to ask for it. */
export type Asking = {
  what: string;
  /** Returns the numbers of the requests. */
  ask: (client: Client) => Promise<number[]>;
};

const quoted = (text: string) => `"${strangersText(text, 80)}"`;

/** How many groups of parked messages are counted for the question. */
const counted = 10_000;

/** To publish what is parked of a key, of a topic, of a key in a topic, or all. @throws OutboxError when nothing is */
export const release = async (
  client: Client,
  of: { key?: string | undefined; topic?: string | undefined },
): Promise<Asking> => {
  const { key, topic } = of;
  const all = key === undefined && topic === undefined;
  const which = [
    key !== undefined && ` of key ${quoted(key)}`,
    topic !== undefined && ` of topic ${quoted(topic)}`,
  ]
    .filter(Boolean)
    .join('');
  const count = countParked(await readParkedGroups(client, counted), of);
  if (count === 0)
    throw new OutboxError('MISUSE', `Nothing is parked${which}: \`npm run outbox -- parked\` lists what is.`);
  return {
    what: `Publishes ${count === undefined ? 'what is parked' : countText(count, 'parked message')}${which}, in order.`,
    ask: (client) => requestRelease(client, all ? { all } : of),
  };
};

/** How many messages that is; undefined where it was not counted: among very many, or of a key within a parked topic. */
const countParked = (
  parked: Parked,
  { key, topic }: { key?: string | undefined; topic?: string | undefined },
): number | undefined => {
  const fitting = parked.groups.filter(
    (group) =>
      (key === undefined || group.key === null || group.key === key) &&
      (topic === undefined || group.topic === topic),
  );
  const all = !parked.more && parked.groups.length === parked.keys + parked.topics;
  if (!all || (key !== undefined && fitting.some((group) => group.key === null))) return undefined;
  return fitting.reduce((sum, { messages }) => sum + messages, 0);
};

/** To give a parked message up. */
export const discard = (id: string): Asking => ({
  what: `Gives message ${id} up: it is never published, and what follows it stays parked until it is released.`,
  ask: (client) => requestDiscard(client, { id }),
});

/** To publish again what was published. */
export const republish = (options: { since: string; key?: string }, now: Date): Asking => {
  const since = readSince(options.since, now);
  const { key } = options;
  const whose = key === undefined ? 'all messages' : `the messages of key ${quoted(key)}`;
  return {
    what: `Publishes ${whose} appended at ${since.toISOString()} or later once more, with their ids: readers that remember them drop them.`,
    ask: (client) => requestRepublish(client, { since, ...(key !== undefined && { key }) }),
  };
};
