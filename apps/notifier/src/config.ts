import type { KafkaConfig } from '@payments/kafka';
import {
  boolean,
  checkKafka,
  field,
  hostPort,
  integer,
  kafkaConnection,
  kafkaFields,
  databaseUrl,
  readConfig,
} from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';
import { routesPath } from './routes/routes-path.ts';
import { defaultChannel, routingBy } from './routes/routing.ts';
import type { Routing } from './routes/routing.ts';
import { webhookUrl } from './routes/webhook-url.ts';
import { slackFormats } from './slack/post-to-slack.ts';
import type { TextOptions } from './text/text-options.ts';
import { locales } from './text/words/languages.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the notifier is told by its environment. Times in milliseconds. */
export type NotifierConfig = {
  databaseUrl: string;
  http: { listen: HostPort };
  kafka: KafkaConfig;
  groupId: string;
  /** How long a silent notifier keeps its partitions. */
  sessionTimeoutMs: number;
  slack: { minIntervalMs: number; burst: number };
  routing: Routing;
  /** More than `above` waiting messages are told together, `max` at most in one digest. */
  digest: { above: number; max: number };
  text: Omit<TextOptions, 'mayRepeat'>;
  /** How long what was told is remembered. */
  retentionMs: number;
};

/** The most characters of `TRACE_URL`: each line of a digest links to a trace, and Slack takes 3,000 characters a section. */
const longestTraceUrl = 500;

const traceUrl = field(
  `a URL of ${String(longestTraceUrl)} characters at most with {traceId} in it, for example http://localhost:16686/trace/{traceId}`,
  (text) =>
    text.includes('{traceId}') && text.length <= longestTraceUrl && /^https?:\/\/[^\s|<>]+$/.test(text)
      ? text
      : undefined,
);

const groupId = field('the name of a consumer group: letters, digits, dots, dashes, underscores', (text) =>
  /^[\w.-]{1,255}$/.test(text) ? text : undefined,
);

const format = field(slackFormats.join(' or '), (text) => slackFormats.find((name) => name === text));

const locale = field(locales.join(' or '), (text) => locales.find((known) => known === text));

const variables = (env: Environment) =>
  z
    .object({
      DATABASE_URL: databaseUrl,
      HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9103 }),
      ...kafkaFields,
      NOTIFIER_GROUP_ID: groupId.default('payment-notifier'),
      SLACK_WEBHOOK_URL: webhookUrl(env),
      SLACK_INSECURE: boolean.default(false),
      SLACK_FORMAT: format.default('blocks'),
      SLACK_MIN_INTERVAL_MS: integer({ min: 0, max: 3_600_000 }).default(1000),
      SLACK_BURST: integer({ min: 1, max: 10 }).default(3),
      NOTIFIER_SESSION_TIMEOUT_MS: integer({ min: 6_000, max: 300_000 }).default(10_000),
      NOTIFIER_DIGEST_ABOVE: integer({ min: 0, max: 1_000 }).default(5),
      NOTIFIER_DIGEST_LINES: integer({ min: 1, max: 20 }).default(20),
      NOTIFIER_DIGEST_MAX: integer({ min: 2, max: 1_000 }).default(1_000),
      NOTIFIER_LOCALE: locale.default('en'),
      NOTIFIER_ROUTES: routesPath(env).optional(),
      // Longer than the 30 days of a dead letter, with room for the segments that Kafka deletes whole.
      NOTIFIER_RETENTION_HOURS: integer({ min: 1, max: 87_600 }).default(1_080),
      TRACE_URL: traceUrl.optional(),
    })
    .superRefine(checkKafka);

/** The names of all variables that a notifier reads, besides those of telemetry. */
export const notifierVariables: readonly string[] = Object.keys(variables({}).shape);

type Variables = z.output<ReturnType<typeof variables>>;

const routingOf = ({ SLACK_WEBHOOK_URL, SLACK_FORMAT, NOTIFIER_ROUTES }: Variables): Routing => {
  const { channels = [], routes = [] } = NOTIFIER_ROUTES ?? {};
  const address = { name: defaultChannel, webhookUrl: SLACK_WEBHOOK_URL, format: SLACK_FORMAT };
  return routingBy({ channels: [address, ...channels], routes });
};

/** What a migration has to know, and no more: a job that migrates need not hold the webhook. @throws ConfigError */
export const readMigrationConfig = (env: Environment): Pick<NotifierConfig, 'databaseUrl'> => ({
  databaseUrl: readConfig(z.object({ DATABASE_URL: databaseUrl }), env).DATABASE_URL,
});

/** Reads the environment. @throws ConfigError that names every bad variable. */
export function readNotifierConfig(env: Environment = process.env): NotifierConfig {
  const value = readConfig(variables(env), env);
  return {
    databaseUrl: value.DATABASE_URL,
    http: { listen: value.HTTP_LISTEN },
    kafka: kafkaConnection(value, 'notifier'),
    groupId: value.NOTIFIER_GROUP_ID,
    sessionTimeoutMs: value.NOTIFIER_SESSION_TIMEOUT_MS,
    slack: { minIntervalMs: value.SLACK_MIN_INTERVAL_MS, burst: value.SLACK_BURST },
    routing: routingOf(value),
    digest: { above: value.NOTIFIER_DIGEST_ABOVE, max: value.NOTIFIER_DIGEST_MAX },
    text: {
      locale: value.NOTIFIER_LOCALE,
      digestLines: value.NOTIFIER_DIGEST_LINES,
      traceUrl: value.TRACE_URL,
    },
    retentionMs: value.NOTIFIER_RETENTION_HOURS * 3_600_000,
  };
}
