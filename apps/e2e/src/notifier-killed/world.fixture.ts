import { randomUUID } from 'node:crypto';
import { startSlackStandIn, type SlackStandIn } from '@payments/servers';
import {
  startService,
  tcpProxy,
  throwAwayDatabase,
  type RunningService,
  type TcpProxy,
} from '@payments/testing';
import pg from 'pg';
import { asRole, prepared } from '../database-roles/prepare-database.fixture.ts';
import type { EventTopic } from '../event-topic.fixture.ts';

/** A notifier in a group of its own, with its own database and Slack: it sees all events, and nobody else's trouble. */
export interface World extends AsyncDisposable {
  groupId: string;
  slack: SlackStandIn;
  topic: EventTopic;
  /** Between the notifier and PostgreSQL. */
  database: TcpProxy;
  /** Asks the database past the notifier. */
  sql: <Row extends pg.QueryResultRow>(statement: string, parameters?: unknown[]) => Promise<Row[]>;
  /** The process of now. */
  notifier: () => RunningService;
  /** Starts a process; the one before has to be dead. */
  start: () => Promise<RunningService>;
  /** SIGKILL, and the end of everything that was held back for it. */
  kill: () => Promise<void>;
}

/** Opens a world and starts its first notifier. */
export async function openWorld(topic: EventTopic): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await throwAwayDatabase({ template: prepared }));
  const database = opening.use(await tcpProxy({ target: new URL(url).host }));
  const slack = opening.use(await startSlackStandIn());
  const onlooker = new pg.Client({ connectionString: url });
  await onlooker.connect();
  opening.defer(() => onlooker.end());
  const groupId = `notifier-${randomUUID()}`;
  const env = {
    DATABASE_URL: Object.assign(new URL(asRole(url, 'notifier')), { host: database.address }).href,
    KAFKA_BROKERS: topic.brokers.join(','),
    NOTIFIER_GROUP_ID: groupId,
    NOTIFIER_SESSION_TIMEOUT_MS: '6000',
    SLACK_WEBHOOK_URL: slack.webhook,
    SLACK_MIN_INTERVAL_MS: '0',
  };
  let notifier: RunningService;
  const opened = opening.move();
  const start = async () => (notifier = opened.use(await startService({ app: 'notifier', env })));
  await start();
  return {
    groupId,
    slack,
    topic,
    database,
    sql: async <Row extends pg.QueryResultRow>(statement: string, parameters?: unknown[]) =>
      (await onlooker.query<Row>(statement, parameters)).rows,
    notifier: () => notifier,
    start,
    kill: async () => {
      await notifier.kill('SIGKILL');
      database.cutAll();
      slack.cutHanging();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
