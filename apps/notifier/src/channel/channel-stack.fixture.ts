import { eventually, startSlackStandIn, tcpProxy, throwAwayDatabase } from '@payments/testing';
import type { SlackStandIn, TcpProxy } from '@payments/testing';
import type { ConsumedMessage } from '@payments/kafka';
import pg from 'pg';
import { aNotifier, asConsumed } from '../a-notifier.fixture.ts';
import type { ANotifier } from '../a-notifier.fixture.ts';
import { anEvent } from '../event/an-event.fixture.ts';
import type { AnEvent, Wishes } from '../event/an-event.fixture.ts';

/** For specs: an event that is found again in whatever Slack is told of it, alone or in a digest. */
export type Named = AnEvent & { name: string };

/** For specs: a database, a Slack, and any number of notifiers between them. */
export type ChannelStack = AsyncDisposable & {
  slack: SlackStandIn;
  databaseUrl: string;
  client: pg.Client;
  /** Closed last, in reverse. */
  stack: AsyncDisposableStack;
  notifier(options?: Partial<Parameters<typeof aNotifier>[0]>): Promise<ANotifier>;
  /** A way to the database that can be broken, and its URL. */
  proxied(): Promise<{ proxy: TcpProxy; url: string }>;
  /** Resolves as soon as the stand-in has settled that many requests. */
  requests(count: number): Promise<void>;
  /** What each request told, by the names of the events; `accepted`: only of what is in the channel. */
  asked(events: readonly Named[]): string[][];
  accepted(events: readonly Named[]): string[][];
  /** Holds every turn of the pace, and what follows it, until it is let go. */
  holdTurns(): Promise<HeldRows>;
  /** Holds every statement about the messages of now, until it is let go. */
  holdMessages(): Promise<HeldRows>;
  /** Ends the leases of all claims, as their time would. */
  endLeases(): Promise<unknown>;
  /** The rows of the inbox, by the ids of the messages. */
  rows(): Promise<Map<string, InboxRow>>;
};

/** Rows that a spec has locked. `reached`: a statement of a notifier waits for them. */
export type HeldRows = { reached: () => Promise<void>; letGo: () => Promise<void> };

/** A row of the inbox, as far as specs look at it. */
export type InboxRow = { id: string; state: string; claimed_at: Date };

/** Opens one; `rateLimit`: of the stand-in. */
export async function openChannelStack(
  options: Parameters<typeof startSlackStandIn>[0] = {},
): Promise<ChannelStack> {
  const stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await throwAwayDatabase());
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  stack.defer(() => client.end());
  const slack = stack.use(await startSlackStandIn(options));
  return {
    slack,
    databaseUrl,
    client,
    stack,
    notifier: async (wishes = {}) =>
      stack.use(await aNotifier({ databaseUrl, webhookUrl: slack.webhook, ...wishes })),
    proxied: async () => {
      const proxy = stack.use(await tcpProxy({ target: new URL(databaseUrl).host }));
      return { proxy, url: Object.assign(new URL(databaseUrl), { host: proxy.address }).href };
    },
    requests: (count) => settled(slack, count),
    asked: (events) => slack.requests().map(({ body }) => namesIn(body, events)),
    accepted: (events) => slack.received().map((message) => namesIn(JSON.stringify(message), events)),
    holdTurns: () =>
      lock(
        stack,
        databaseUrl,
        `insert into notifier.channel values ('default', clock_timestamp()) on conflict (name) do update set due_at = channel.due_at`,
      ),
    holdMessages: () => lock(stack, databaseUrl, 'select from notifier.inbox for update'),
    endLeases: () => client.query('update notifier.inbox set lease_until = clock_timestamp()'),
    rows: async () => {
      const { rows } = await client.query<InboxRow>('select id, state, claimed_at from notifier.inbox');
      return new Map(rows.map((row) => [row.id, row]));
    },
    async [Symbol.asyncDispose]() {
      slack.cutHanging();
      await stack.disposeAsync();
    },
  };
}

/** A lock of a statement's rows, on a connection of its own. */
async function lock(
  stack: AsyncDisposableStack,
  connectionString: string,
  statement: string,
): Promise<HeldRows> {
  const [client, watcher] = [new pg.Client({ connectionString }), new pg.Client({ connectionString })];
  await Promise.all([client.connect(), watcher.connect()]);
  stack.defer(async () => void (await Promise.all([client.end(), watcher.end()])));
  await client.query('begin');
  await client.query(statement);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const waiting = 'select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))';
  const reached = async () => {
    const { rowCount } = await watcher.query(waiting, [rows[0]?.pid]);
    if (rowCount !== 1) throw new Error(`${String(rowCount)} statements wait for the rows`);
  };
  return {
    reached: () => eventually(reached),
    letGo: async () => void (await client.query('commit')),
  };
}

async function settled(slack: SlackStandIn, count: number): Promise<void> {
  const enough = Promise.withResolvers<void>();
  const look = () => slack.requests().length >= count && enough.resolve();
  const end = slack.onRequest(look);
  look();
  await enough.promise.finally(end);
}

/** The events that a text tells of, in the order in which it does. */
function namesIn(text: string, events: readonly Named[]): string[] {
  const places = events.map(({ name, key, id }) => ({
    name,
    at: Math.max(text.indexOf(key), text.indexOf(id)),
  }));
  return places
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at)
    .map(({ name }) => name);
}

let count = 0;

/** Completed payments of these names, of one reservation each. */
export const named = (names: string, make: (wishes: Wishes) => AnEvent = anEvent): Named[] =>
  names.split(' ').map((name) => {
    count += 1;
    return {
      name,
      ...make({ payment: { reservationId: `r${String(count)}-${name}-${String(process.pid)}` } }),
    };
  });

/** The message of a partition. */
export const inPartition = (event: AnEvent, partition: number, revoked?: AbortSignal): ConsumedMessage => ({
  ...asConsumed(event, revoked),
  partition,
});

/** Waits until a notifier has logged such a line so many times. */
export const logged = (notifier: ANotifier, msg: string, times = 1) =>
  eventually(() => {
    if (notifier.lines.filter((line) => line['msg'] === msg).length < times)
      throw new Error(`no line "${msg}"`);
  });
