import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { startSlackStandIn, type SlackStandIn } from '@payments/servers';
import { eventually, startService, throwAwayDatabase, type RunningService } from '@payments/testing';
import pg from 'pg';
import { asRole, prepared } from '../database-roles/prepare-database.fixture.ts';
import type { EventTopic } from '../event-topic.fixture.ts';
import type { SentEvent } from '../payment-events.fixture.ts';
import { readTold } from '../told-in-slack.fixture.ts';
import type { FleetPlan, Limit } from './loads.fixture.ts';
import { misbehave } from './misbehave.fixture.ts';

/** Notifiers that share a group, a database and a Slack that enforces its limit. */
export interface Fleet extends AsyncDisposable {
  slack: SlackStandIn;
  /** What the channel was told, post by post. */
  posts: () => SentEvent[][];
  /** Resolves when every event is in the channel; `restart`: when so many messages are, one notifier is restarted in good order. */
  told: () => Promise<void>;
  /** Waits until Kafka has all offsets and ends the notifiers: nothing more comes. Returns what they counted, by name. */
  end: () => Promise<Record<string, number>>;
}

/** How to open one. */
export interface FleetOptions extends FleetPlan {
  topic: EventTopic;
  events: readonly SentEvent[];
  limit: Limit;
}

/** Starts the notifiers and waits until they are ready. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { topic, events, limit, late = 0, faults, restartAfter, withinMs } = options;
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await throwAwayDatabase({ template: prepared }));
  const rateLimit = { perSecond: 1000 / limit.intervalMs, burst: limit.burst + late };
  const slack = opening.use(await startSlackStandIn({ rateLimit }));
  misbehave(slack, faults);
  const groupId = `notifier-${randomUUID()}`;
  const env = {
    DATABASE_URL: asRole(url, 'notifier'),
    KAFKA_BROKERS: topic.brokers.join(','),
    NOTIFIER_GROUP_ID: groupId,
    SLACK_WEBHOOK_URL: slack.webhook,
    SLACK_MIN_INTERVAL_MS: String(limit.intervalMs),
    SLACK_BURST: String(limit.burst),
    // So few that every event of a digest has a line of its own, and can be compared.
    NOTIFIER_DIGEST_MAX: '20',
    NOTIFIER_DIGEST_LINES: '20',
  };
  const all: RunningService[] = [];
  const running = new Set<RunningService>();
  const opened = opening.move();
  const start = async () => {
    const notifier = opened.use(await startService({ app: 'notifier', env }));
    all.push(notifier);
    running.add(notifier);
    return notifier;
  };
  const stop = async (notifier: RunningService) => {
    running.delete(notifier);
    expect(await notifier.kill('SIGTERM')).toBe('exit code 0');
  };
  const first = await Promise.all(Array.from({ length: options.notifiers }, start));
  await Promise.all(first.map((notifier) => notifier.ready()));
  const told = readTold(events);
  const posts = () => slack.received().map(told);
  const messages = (count: () => boolean) =>
    eventually(() => expect(count()).toBe(true), { timeoutMs: withinMs, everyMs: 200 });
  return {
    slack,
    posts,
    told: async () => {
      const [one] = first;
      if (restartAfter !== undefined && one) {
        await messages(() => slack.received().length >= restartAfter);
        await stop(one);
        await start();
      }
      await messages(() => new Set(posts().flat()).size === events.length);
    },
    end: async () => {
      await eventually(async () => {
        expect(await topic.committed(groupId)).toEqual(await topic.ends());
      });
      await Promise.all([...running].map(stop));
      expect(await statesIn(url)).toEqual([{ state: 'TOLD', count: events.length }]);
      return sumOf(all.map(({ lines }) => lines.at(-1)?.fields ?? {}));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function statesIn(url: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const states = 'select state, count(*)::integer as count from notifier.inbox group by state';
    return (await client.query<{ state: string; count: number }>(states)).rows;
  } finally {
    await client.end();
  }
}

const counted = ['told', 'repeatDropped', 'left', 'mayRepeat', 'deadLettered', 'skipped'];

const sumOf = (tallies: readonly Readonly<Record<string, unknown>>[]): Record<string, number> =>
  Object.fromEntries(
    counted.map((name) => [name, tallies.reduce((sum, tally) => sum + Number(tally[name]), 0)]),
  );
