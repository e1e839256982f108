/** `npm run watch -w examples/rooms`: shows what arrives in Kafka. `--help` says how. */
import { randomUUID } from 'node:crypto';
import { ensureTopics, KafkaError, messages$ } from '@payments/kafka';
import { runUntilSignal } from '@payments/runtime';
import { Command } from 'commander';
import { lastValueFrom, tap } from 'rxjs';
import { topics } from './booking.ts';
import { readRoomsConfig } from './config.ts';

new Command('npm run watch -w examples/rooms --')
  .description('Shows the messages of this example in Kafka, from the first one on, until Ctrl-C.')
  .addHelpText('after', '\nKafka is at KAFKA_BROKERS, else where `npm run servers` has it.')
  .showHelpAfterError('(--help explains)')
  .parse();

await runUntilSignal((stop) =>
  watch(stop).catch((thrown: unknown) => {
    if (!(thrown instanceof KafkaError)) throw thrown;
    console.error(
      `${thrown.message}. Is Kafka there? \`npm run servers\` starts one, KAFKA_BROKERS names another.`,
    );
    process.exitCode = 1;
  }),
);

async function watch(stop: AbortSignal): Promise<void> {
  const { kafka } = readRoomsConfig(process.env);
  const watched = Object.values(topics);
  // The relay makes a topic when the first message names it; this reader may come before that.
  await ensureTopics({ kafka, topics: watched.map((topic) => ({ topic, partitions: 12 })) });
  console.log(`watching ${watched.join(' and ')}; Ctrl-C ends it`);
  // A group of its own each time, so that it begins with the first message.
  const groupId = `rooms-watch-${randomUUID()}`;
  const message$ = messages$({ kafka, groupId, topics: watched, signal: stop }).pipe(
    tap((message) => {
      const { topic, key, headers, value } = message;
      console.log(`${topic}  ${key}  ${headers['ce_type']}  ${value.toString()}`);
      message.ack();
    }),
  );
  await lastValueFrom(message$, { defaultValue: null });
}
