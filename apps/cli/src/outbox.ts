import { OutboxError, findMessage, listMessages, readParkedGroups, readStatus } from '@payments/outbox';
import type { MessageStatus } from '@payments/outbox';
import { Command, InvalidArgumentError } from 'commander';
import { adopt, type AdoptOptions } from './outbox/adopt.ts';
import { discard, release, republish } from './outbox/ask-relays.ts';
import { carryOut, type AskOptions } from './outbox/carry-out.ts';
import { exitCodes } from './outbox/exit-codes.ts';
import { headline, needsAHand } from './outbox/headline.ts';
import { complain, json, print } from './terminal/output.ts';
import { showMessage } from './outbox/show-message.ts';
import { showMessages } from './outbox/show-messages.ts';
import { showParked } from './outbox/show-parked.ts';
import { showStatus } from './outbox/show-status.ts';
import { atDatabase, withOutbox } from './outbox/with-outbox.ts';
import { jsonError, limitUpTo, moreHelp, sayUsageErrors } from './terminal/usage.ts';
import { UsageError } from './usage-error.ts';

const help = `
Database: --database, else DATABASE_URL, else the system that \`npm start\` runs (its state folder is
LOCAL_STATE_DIR, else .local), else the default of \`npm start\`.

Rights: USAGE on schema outbox and SELECT on its tables; INSERT on outbox.request to release, discard and republish;
adopt is for the owner of the schema.

Exit codes:
  0  done; asked for, with --no-wait
  1  nothing was done: what was typed is wrong, nobody said yes, the database cannot be reached, or it refused
  2  status: something needs a hand (a lane without an owner, something parked, a copied log)
     release, discard, republish: asked for and not carried out yet, since no relay runs or you ended the wait
`;

type CommonOptions = { database?: string; json: boolean };

const uuid = (text: string): string => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be a UUID, such as 3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f.');
};

const statuses: readonly string[] = ['INIT', 'PUBLISHED', 'PARKED', 'DISCARDED'] satisfies MessageStatus[];

const messageStatus = (text: string): MessageStatus => {
  const status = text.toUpperCase();
  if (statuses.includes(status)) return status as MessageStatus;
  throw new InvalidArgumentError(`It must be one of ${statuses.join(', ')}.`);
};

const outbox = sayUsageErrors(
  new Command('npm run outbox --')
    .description(
      'Looks at an outbox, and asks its relays to publish what is parked, to give it up, or to publish again.',
    )
    .addHelpText('afterAll', help),
);

/** A command of the outbox. Errors that people can do something about end as one sentence. */
const command = <Args extends unknown[], Options extends CommonOptions>(
  usage: string,
  description: string,
  run: (...args: [...Args, Options]) => Promise<number>,
): Command =>
  outbox
    .command(usage)
    .description(description)
    .option('--database <url>', 'where the outbox is')
    .option('--json', 'print JSON instead of a table', false)
    .action(async (...given: unknown[]) => {
      // Commander adds the command itself behind the options.
      const args = given.slice(0, -1) as [...Args, Options];
      try {
        process.exitCode = await run(...args);
      } catch (error) {
        process.exitCode = explain(error, args.at(-1) as Options);
      }
    });

const explain = (error: unknown, options: CommonOptions): number => {
  if (error instanceof UsageError) {
    if (options.json) print(jsonError('USAGE', error.message));
    complain(`${error.message}\n${moreHelp}`);
  } else if (!(error instanceof OutboxError)) throw error;
  else if (options.json) print(jsonError(error.code, error.message));
  else complain(error.message);
  return exitCodes.refused;
};

command<[], CommonOptions>(
  'status',
  'how far the relays are behind, who owns the lanes, what is parked or held back',
  (options) =>
    withOutbox(options.database, async (client) => {
      const status = await readStatus(client);
      print(options.json ? json({ headline: headline(status), ...status }) : showStatus(status));
      return needsAHand(status) ? exitCodes.needsAHand : exitCodes.done;
    }),
);

type ListOptions = CommonOptions & { status?: MessageStatus; topic?: string; key?: string; limit: number };

command<[], ListOptions>('list', 'the newest messages, newest first', (options) =>
  withOutbox(options.database, async (client) => {
    const { status, topic, key, limit } = options;
    const list = await listMessages(client, { status, topic, key, limit });
    print(options.json ? json(list) : showMessages(list));
    return exitCodes.done;
  }),
)
  .option('--status <status>', `only those: ${statuses.join(', ')} (INIT: not published yet)`, messageStatus)
  .option('--topic <topic>', 'only those of a topic')
  .option('--key <key>', 'only those of a key')
  .option('--limit <n>', 'how many at most', limitUpTo(1000), 20);

command<[string], CommonOptions & { payload: boolean }>(
  'show',
  'all that is known of a message; reads through the whole log',
  (id, options) =>
    withOutbox(options.database, async (client) => {
      const messages = await findMessage(client, id);
      if (messages.length === 0)
        throw new OutboxError(
          'MISUSE',
          `There is no message ${id}: \`npm run outbox -- list\` shows the newest.`,
        );
      print(
        options.json
          ? json({ messages: messages.map((message) => toJson(message, options)) })
          : messages.map((message) => showMessage(message, options)).join('\n\n'),
      );
      return exitCodes.done;
    }),
)
  .argument('<id>', 'its id', uuid)
  .option('--payload', 'its payload too, which may hold secrets', false);

type Found = Awaited<ReturnType<typeof findMessage>>[number];

/** Bytes in base64, as the JSON of protobuf has them. */
const toJson = ({ payload, ...message }: Found, options: { payload: boolean }) => ({
  ...message,
  payloadBytes: payload.length,
  ...(options.payload && { payload: payload.toString('base64') }),
});

command<[], CommonOptions & { limit: number }>(
  'parked',
  'the keys and topics that are set aside, and why',
  (options) =>
    withOutbox(options.database, async (client) => {
      const parked = await readParkedGroups(client, options.limit);
      print(options.json ? json(parked) : showParked(parked));
      return exitCodes.done;
    }),
).option('--limit <n>', 'how many keys and topics at most', limitUpTo(1000), 100);

/** What all that changes something has in common. */
const asking = (asked: Command): Command =>
  asked
    .option('--yes', 'do not ask', false)
    .option('--no-wait', 'do not wait until the relays have carried it out');

type ReleaseOptions = CommonOptions & AskOptions & { all: boolean; topic?: string };

asking(
  command<[string | undefined], ReleaseOptions>(
    'release',
    'publishes what is parked, each key in order',
    (key, options) => {
      const { all, topic } = options;
      if (all && key !== undefined) throw new UsageError('name a key or say --all, not both');
      if (!all && key === undefined && topic === undefined)
        throw new UsageError('name the key to release, or say --all, or --topic');
      return withOutbox(options.database, async (client) =>
        carryOut(client, await release(client, { key, topic }), options),
      );
    },
  ),
)
  .argument('[key]', 'the key whose messages are parked')
  .option('--all', 'all that is parked (of the topic, with --topic)', false)
  .option('--topic <topic>', 'only in this topic');

asking(
  command<[string], CommonOptions & AskOptions>(
    'discard',
    'gives a parked message up: it is never published',
    (id, options) => withOutbox(options.database, (client) => carryOut(client, discard(id), options)),
  ),
).argument('<id>', 'its id', uuid);

asking(
  command<[], CommonOptions & AskOptions & { since: string; key?: string }>(
    'republish',
    'publishes again what was published, with the same ids',
    async (options) => {
      const asked = republish(options, new Date());
      return withOutbox(options.database, (client) => carryOut(client, asked, options));
    },
  ),
)
  .requiredOption(
    '--since <time>',
    'what was appended then or later: 2026-01-31T12:00:00Z, or 30m, 2h, 7d ago',
  )
  .option('--key <key>', 'only of this key');

command<[], CommonOptions & AdoptOptions>(
  'adopt',
  'makes a log that was copied from another database cluster this one’s own',
  (options) => atDatabase(options.database, (url) => adopt(url, options)),
)
  .option('--keep-position', 'only after pg_upgrade: go on where the log stood', false)
  .option('--yes', 'do not ask', false);

await outbox.parseAsync();
