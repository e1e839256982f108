import { KafkaError } from '@payments/kafka';
import { Command, InvalidArgumentError } from 'commander';
import { findKafka } from './find-kafka.ts';
import type { KafkaPlace } from './find-kafka.ts';
import { replayChosen, replayOpen, skipOpen } from './notifier/change-dead-letters.ts';
import type { ChangeOptions, LetterNumber } from './notifier/change-dead-letters.ts';
import { exitCodes } from './notifier/exit-codes.ts';
import { listDeadLetters } from './notifier/list-dead-letters.ts';
import type { ListOptions } from './notifier/list-dead-letters.ts';
import { complain, print } from './terminal/output.ts';
import { jsonError, limitUpTo, moreHelp, sayUsageErrors } from './terminal/usage.ts';
import { UsageError } from './usage-error.ts';

const help = `
Kafka: --brokers, else KAFKA_BROKERS, else the system that \`npm start\` runs (its state folder is LOCAL_STATE_DIR, else
.local), else the default of \`npm start\`; with KAFKA_SSL… and KAFKA_SASL… as the notifier itself.

Exit codes:
  0  done, or nothing to do
  1  refused: what was typed is wrong, nobody said yes, Kafka cannot be reached, or it refused
  2  done in part: you ended it, or another command is at the same dead letters
`;

type CommonOptions = { brokers?: string; group?: string; json: boolean };

const letterNumber = (text: string, before: LetterNumber[] = []): LetterNumber[] => {
  const [, partition, offset] = /^(\d{1,9})\/(\d{1,18})$/.exec(text) ?? [];
  if (partition === undefined || offset === undefined)
    throw new InvalidArgumentError('It must be a number as `list` shows it, such as 0/17.');
  return [...before, { partition: Number(partition), offset: BigInt(offset) }];
};

const program = sayUsageErrors(
  new Command('npm run notifier --')
    .description('Looks after what the notifier could not tell.')
    .addHelpText('afterAll', help),
);

const deadLetters = program
  .command('dead-letters')
  .description(
    'Messages that can never be told lie in a topic of their own, as they came. Those are open that nobody has replayed or skipped.',
  );

/** A command about dead letters. Errors that people can do something about end as one sentence. */
const command = <Args extends unknown[], Options extends CommonOptions>(
  usage: string,
  description: string,
  run: (place: KafkaPlace, ...args: [...Args, Options]) => Promise<number>,
): Command =>
  deadLetters
    .command(usage)
    .description(description)
    .option('--brokers <host:port,...>', 'where Kafka is')
    .option(
      '--group <name>',
      'the consumer group of the notifiers; else NOTIFIER_GROUP_ID, else payment-notifier',
    )
    .option('--json', 'print JSON instead of a table', false)
    .action(async (...given: unknown[]) => {
      // Commander adds the command itself behind the options.
      const args = given.slice(0, -1) as [...Args, Options];
      const options = args.at(-1) as Options;
      let place: KafkaPlace | undefined;
      try {
        place = await findKafka(options, process.env);
        process.exitCode = await run(place, ...args);
      } catch (error) {
        process.exitCode = explain(error, options, place);
      }
    });

const explain = (error: unknown, { json: asJson }: CommonOptions, place: KafkaPlace | undefined): number => {
  if (error instanceof UsageError) {
    if (asJson) print(jsonError('USAGE', error.message));
    complain(`${error.message}\n${moreHelp}`);
  } else if (!(error instanceof KafkaError)) throw error;
  else {
    const message = kafkaText(error, place?.kafka.brokers ?? []);
    if (asJson) print(jsonError(error.code, message));
    else complain(message);
  }
  return exitCodes.refused;
};

const kafkaText = ({ unreachable, code, message }: KafkaError, brokers: readonly string[]): string =>
  unreachable
    ? `Kafka cannot be reached: ${message}. It was asked for at ${brokers.join(', ')}: start it, or name another one with --brokers.`
    : `Kafka refused: ${message} (${code}).`;

command<[], CommonOptions & ListOptions>('list', 'the open dead letters, the newest last', (place, options) =>
  listDeadLetters(place, options),
)
  .option('--all', 'also those that were replayed or skipped, as long as the topic has them', false)
  .option('--limit <n>', 'how many at most: the newest', limitUpTo(1000), 20);

/** What all that changes something has in common. */
const asking = (asked: Command): Command => asked.option('--yes', 'do not ask', false);

asking(
  command<[LetterNumber[] | undefined], CommonOptions & ChangeOptions>(
    'replay',
    'has the notifier try all open ones once more, in their order, and counts them as dealt with; or those named, which stay as open as they are',
    (place, numbers, options) =>
      numbers?.length ? replayChosen(place, numbers, options) : replayOpen(place, options),
  ),
).argument('[number...]', 'as `list` shows them, such as 0/17', letterNumber);

asking(
  command<[], CommonOptions & ChangeOptions>(
    'skip',
    'counts all open ones as dealt with, and replays none; `replay <number...>` finds them still',
    (place, options) => skipOpen(place, options),
  ),
);

await program.parseAsync();
