import type { SlackMessage } from '@payments/servers';
import { partitionOf } from '../event-topic.fixture.ts';
import type { SentEvent } from '../payment-events.fixture.ts';
import { readTold } from '../told-in-slack.fixture.ts';
import type { World } from './world.fixture.ts';

/** How far the telling of some events of one partition has come, by what Slack, PostgreSQL and Kafka have. */
export interface Standing {
  /** The requests that came to Slack, and the posts that it has taken: how many of the events each tells. */
  requests: number[];
  inSlack: number[];
  /** Their states in the inbox, each that there is. */
  inbox: string[];
  /** How many posts are noted for them as under way. */
  postsNoted: number;
  /** The offset of one of them, or a later one, is committed. */
  committed: boolean;
}

/** Looks at all three. `first`: the offset of the first of the events. */
export async function standingOf(
  world: World,
  { events, first }: { events: readonly SentEvent[]; first: number },
): Promise<Standing> {
  const rows = await world.sql<{ state: string; post: string | null }>(
    'select state, post from notifier.inbox where id = any ($1::uuid[])',
    [events.map(({ id }) => id)],
  );
  const committed = await world.topic.committed(world.groupId);
  return {
    requests: requestsOf(world, events).map(({ told }) => told.length),
    inSlack: postsOf(world, events).map(({ length }) => length),
    inbox: [...new Set(rows.map(({ state }) => state))],
    postsNoted: new Set(rows.flatMap(({ post }) => post ?? [])).size,
    committed: (committed.get(partitionOf(events[0]?.message.key ?? '')) ?? 0) > first,
  };
}

/** The posts in the channel that tell any of the events, as those that they tell. */
export const postsOf = ({ slack }: World, events: readonly SentEvent[]): SentEvent[][] =>
  slack
    .received()
    .map(readTold(events))
    .filter(({ length }) => length > 0);

/** The requests to Slack that tell any of the events, whatever became of them. */
export const requestsOf = ({ slack }: World, events: readonly SentEvent[]) => {
  const read = readTold(events);
  return slack
    .requests()
    .map(({ at, body }) => ({ at, told: read(JSON.parse(body) as SlackMessage) }))
    .filter(({ told }) => told.length > 0);
};
