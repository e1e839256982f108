import { amountsExpected, currencyDecimals, FailureReason, parseAmounts } from '@payments/contracts/events';
import { z } from 'zod';
import { everyOutcome } from '../event/outcome.ts';
import { slackFormats } from '../slack/post-to-slack.ts';
import { must, oneOf, only, someOf } from './file-values.ts';
import { hideUrls } from './hide-urls.ts';
import { routesProblems } from './routes-problems.ts';
import type { Route } from './route.ts';
import { defaultChannel } from './routing.ts';
import type { ChannelAddress } from './routing.ts';
import { webhookUrl } from './webhook-url.ts';

/** The channels beside `default`, and all routes. */
export type Routes = { channels: readonly ChannelAddress[]; routes: readonly Route[] };

/** The environment, where the webhooks stand under the names that the file gives. */
type Environment = Readonly<Record<string, string | undefined>>;

const channelName = z
  .string(must('a name'))
  .regex(/^[a-z0-9-]{1,63}$/, must('1 to 63 small letters, digits and dashes'))
  .refine(
    (name) => name !== defaultChannel,
    'must be another: "default" is the channel of SLACK_WEBHOOK_URL',
  );

/** Who writes the URL itself there must not find it in the log. */
const variable = must(
  "the name of the environment variable that holds the webhook's URL, such as SLACK_WEBHOOK_URL_FAILURES, never the URL",
  { quote: false },
);

const webhookIn = (env: Environment) =>
  z
    .string(variable)
    .regex(/^[A-Z][A-Z0-9_]*$/, variable)
    .transform((name, context) => {
      const { data, error } = webhookUrl(env).safeParse(env[name]?.trim() || undefined);
      if (data !== undefined) return data;
      context.addIssue({
        code: 'custom',
        message: `names ${name}, which ${error?.issues[0]?.message ?? ''}`,
      });
      return z.NEVER;
    });

const channel = (env: Environment) =>
  only('a channel', {
    name: channelName,
    webhook: webhookIn(env),
    format: oneOf(slackFormats).default('blocks'),
  });

type Reason = Exclude<keyof typeof FailureReason, 'UNSPECIFIED'>;
const isReason = (name: string): name is Reason => name !== 'UNSPECIFIED' && Number.isNaN(Number(name));
const everyReason = Object.keys(FailureReason).filter(isReason);

const amounts = must(amountsExpected);
const currency = z
  .string(must('a code of ISO 4217, such as KRW'))
  .refine((code) => currencyDecimals(code) !== undefined, must('a code of ISO 4217, such as KRW'));

/** All of `Route`, and nothing else: a condition that only one of the two knows does not compile. */
const route = only('a route', {
  channel: z.string(must('the name of a channel')),
  outcomes: someOf(oneOf(everyOutcome), everyOutcome.join(', ')).optional(),
  reasons: someOf(
    oneOf(everyReason).transform((name) => FailureReason[name]),
    everyReason.join(', '),
  ).optional(),
  currencies: someOf(currency, 'codes of ISO 4217').optional(),
  above: z
    .string(amounts)
    .transform((text, context) => {
      const parsed = parseAmounts(text);
      if (!parsed) context.addIssue({ code: 'custom', message: amounts.error({ input: text }) });
      return parsed ?? z.NEVER;
    })
    .optional(),
} satisfies Record<keyof Route, z.ZodType>);

/** A routes file: its channels, with their webhooks out of the environment, and its routes. */
export const routesFile = (env: Environment) =>
  only('a routes file', {
    channels: z.array(channel(env), must('a list of channels', { quote: false })),
    routes: someOf(route, 'routes'),
  })
    .superRefine((file, context) => {
      const defaultWebhook = webhookUrl(env).safeParse(env['SLACK_WEBHOOK_URL']).data;
      for (const problem of routesProblems(file, defaultWebhook))
        context.addIssue({ code: 'custom', ...problem });
    })
    .transform(({ channels, routes }): Routes => ({
      channels: channels.map(({ webhook, ...rest }) => ({ ...rest, webhookUrl: webhook })),
      routes,
    }));

/**
 * What is wrong with a routes file, one line for each, with its remedy: `routes[1].above must be …`. Should a webhook stand
 * where it does not belong, no more than its host is repeated.
 */
export const problemLines = (error: z.core.$ZodError): string[] =>
  error.issues.map(({ path, message }) =>
    hideUrls(`${path.length > 0 ? z.core.toDotPath(path) : 'the file'} ${message}`),
  );
