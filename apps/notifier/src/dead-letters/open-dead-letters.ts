import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import type { ConsumedMessage, KafkaError, RawKafkaMessage } from '@payments/kafka';
import type { Tally } from '../tally.ts';
import { openDeadLetterTopic } from './open-dead-letter-topic.ts';
import type { DeadLetterTopicOptions } from './open-dead-letter-topic.ts';
import { saySetAside } from './say-set-aside.ts';
import { takeBatch } from './take-batch.ts';
import type { BatchBounds } from './take-batch.ts';
import { toDeadLetter } from './to-dead-letter.ts';
import { whatNext } from './what-next.ts';
import type { Refusals } from './what-next.ts';

/** Where messages go that can never be told. */
export type DeadLetters = AsyncDisposable & {
  /**
   * Resolves when the message is there, or when Kafka refuses it for good: neither holds up what lies behind it. Rejects with
   * the reason of the stop, or of the revocation of its partition, before that: it comes again.
   */
  put(message: ConsumedMessage, reason: string): Promise<void>;
};

/** What it needs. Times in milliseconds. */
export type DeadLettersOptions = DeadLetterTopicOptions & {
  /** The notifier's consumer group, for the dead letters to name. */
  groupId: string;
  /** Another than the contract's, for specs. */
  replayTopic?: string;
  /** How much is sent at once. */
  most?: BatchBounds;
  tally: Pick<Tally, 'count'>;
};

/** A message on its way. */
type Waiting = {
  message: ConsumedMessage;
  reason: string;
  /** What is said of it belongs to its trace. */
  context: Context;
  record: RawKafkaMessage;
  resolve: () => void;
  reject: (reason: unknown) => void;
};

/** One request to Kafka holds about this much. */
const mostAtOnce: BatchBounds = { messages: 1_000, bytes: 4 * 1024 * 1024 };

/**
 * Opens the way to the dead-letter topic, which is made where it is not there yet. What comes while a send is under way goes
 * together with the next one, in the order in which it came. While Kafka is away, or does not let the topic be written,
 * messages wait: un-ready with the reason, one line for each attempt, until `stop`.
 *
 * A message may get there twice: when the answer of Kafka is lost, and when the process ends between Kafka's answer and the
 * commit of the message's offset. Both bear the same origin.
 */
export function openDeadLetters(options: DeadLettersOptions): DeadLetters {
  const { log, groupId: group, most = mostAtOnce } = options;
  const queue: Waiting[] = [];
  const say = saySetAside({ log });
  const closing = new AbortController();
  const stop = AbortSignal.any([options.stop, closing.signal]);
  const toKafka = openDeadLetterTopic({ ...options, stop });
  let running: Promise<void> | undefined;

  const deliver = async (batch: readonly Waiting[]): Promise<void> => {
    const refusals: Refusals = {};
    for (let failures = 1; ; failures += 1) {
      await toKafka.prepare();
      const still = batch.filter((one) => isStillOurs(one, stop));
      if (still.length === 0) return;
      const error = await toKafka.send(still.map(({ record }) => record));
      if (!error) return still.forEach((one) => context.with(one.context, () => setAside(one)));
      refusals[error.verdict] = (refusals[error.verdict] ?? 0) + 1;
      switch (whatNext(error, still.length, refusals)) {
        case 'again':
          await toKafka.holdBack(error, failures);
          break;
        case 'halves': {
          const half = Math.ceil(still.length / 2);
          await deliver(still.slice(0, half));
          return await deliver(still.slice(half));
        }
        case 'refuse':
          return still.forEach((one) => context.with(one.context, () => refuse(one, error)));
      }
    }
  };

  function setAside({ message, reason, resolve }: Waiting): void {
    say.say(message, reason);
    resolve();
  }

  /** One line each, however many: nothing else tells where such a message is. */
  function refuse({ message, reason, resolve }: Waiting, error: KafkaError): void {
    const { topic, partition, offset } = message;
    options.tally.count('deadLetterRefused');
    log.error(
      { topic, partition, offset, reason, code: error.code, refusal: error.message },
      'Kafka refuses a dead letter for good; its message is only where it came from, until that topic forgets it',
    );
    resolve();
  }

  async function run(): Promise<void> {
    await toKafka.prepare();
    while (queue.length > 0) await deliver(takeBatch(queue, most));
    running = undefined;
    toKafka.idle();
  }

  running = run();
  return {
    put: (message, reason) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const record = toDeadLetter(message, { ...options, reason, group, now: new Date() });
      queue.push({ message, reason, context: context.active(), record, resolve, reject });
      running ??= context.with(ROOT_CONTEXT, run);
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('the way to the dead letters is closed'));
      await running;
      await toKafka.close();
      say[Symbol.dispose]();
    },
  };
}

/** Rejects what is not: whoever is given it next sets it aside. */
function isStillOurs({ message, reject }: Waiting, stop: AbortSignal): boolean {
  const gone = [stop, message.revoked].find(({ aborted }) => aborted);
  if (gone) reject(gone.reason);
  return !gone;
}
