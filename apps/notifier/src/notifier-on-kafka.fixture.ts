import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { ensureTopics, openProducer } from '@payments/kafka';
import {
  eventually,
  startSlackStandIn,
  testServers,
  throwAwayDatabase,
  throwAwayTopic,
} from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import kafkajs from 'kafkajs';
import { lastValueFrom, tap } from 'rxjs';
import { aNotifier } from './a-notifier.fixture.ts';
import type { ANotifier } from './a-notifier.fixture.ts';
import { notifier } from './consume/notifier.ts';
import { paymentMessages$ } from './consume/payment-messages.ts';
import type { AnEvent } from './event/an-event.fixture.ts';
import type { MessageEnd } from './tally.ts';

/** For specs: a notifier that reads from Kafka. `told`: what became of its messages, in that order. */
export type Reading = ANotifier & {
  told: MessageEnd[];
  /** SIGTERM's way; resolves at its end. */
  end: () => Promise<unknown>;
};

/** For specs: a topic, a database and a Slack of their own, and notifiers between them. */
export type OnKafka = AsyncDisposable & {
  slack: SlackStandIn;
  databaseUrl: string;
  groupId: string;
  send(...events: AnEvent[]): Promise<void>;
  run(options?: Partial<Parameters<typeof aNotifier>[0]> & { groupId?: string }): Promise<Reading>;
  /** The offsets that the group has committed, of the partitions where it has. */
  committed(): Promise<string[]>;
};

const kafka = () => ({ brokers: testServers().kafkaBrokers, clientId: 'notifier-spec' });

/** Opens it, with a topic of 12 partitions. */
export async function openOnKafka(): Promise<OnKafka> {
  const stack = new AsyncDisposableStack();
  const slack = stack.use(await startSlackStandIn());
  const { topic } = stack.use(await throwAwayTopic('payment-event'));
  // Whose leaders take requests already: a batch that one of them refuses would be sent twice.
  await ensureTopics({ kafka: kafka(), topics: [{ topic, partitions: 12 }] });
  const { url: databaseUrl } = stack.use(await throwAwayDatabase());
  const groupId = `notifier-${randomUUID()}`;
  return {
    slack,
    databaseUrl,
    groupId,
    send: (...events) => send(topic, events),
    async run({ groupId: group = groupId, ...wishes } = {}) {
      const one = stack.use(await aNotifier({ databaseUrl, webhookUrl: slack.webhook, ...wishes }));
      const reading = read(one, { topic, groupId: group });
      stack.defer(async () => void (await reading.end()));
      return reading;
    },
    committed: () => committedBy(groupId, topic),
    async [Symbol.asyncDispose]() {
      slack.cutHanging();
      await stack.disposeAsync();
    },
  };
}

function read(one: ANotifier, { topic, groupId }: { topic: string; groupId: string }): Reading {
  const told: MessageEnd[] = [];
  const health = { ready: () => undefined, notReady: () => undefined };
  const group = {
    kafka: kafka(),
    groupId,
    topics: [{ topic, partitions: 12 }],
    drainTimeoutMs: 5000,
    sessionTimeoutMs: 10_000,
  };
  const messages$ = paymentMessages$({ ...group, health, stop: one.stop.signal, log: one.log });
  const told$ = notifier({ messages$, handle: one.handle }).pipe(tap((what) => told.push(what)));
  const ended = lastValueFrom(told$, { defaultValue: null });
  const end = () => {
    one.stop.abort();
    return ended;
  };
  return { ...one, told, end };
}

async function send(topic: string, events: readonly AnEvent[]): Promise<void> {
  await using producer = openProducer({ kafka: kafka() });
  await producer.send(events.map((event) => ({ ...event, topic })));
}

async function committedBy(groupId: string, topic: string): Promise<string[]> {
  const admin = new kafkajs.Kafka({ ...kafka(), logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const offsets = admin.fetchOffsets({ groupId, topics: [topic] });
  const [ofTopic] = await offsets.finally(() => admin.disconnect());
  return (ofTopic?.partitions ?? []).map(({ offset }) => offset).filter((offset) => offset !== '-1');
}

/** Waits until a list is so long. */
export const seen = (count: number, list: () => readonly unknown[]) =>
  eventually(() => expect(list()).toHaveLength(count), { timeoutMs: 90_000 });
