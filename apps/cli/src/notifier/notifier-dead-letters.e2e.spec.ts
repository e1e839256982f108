import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  deadLetterTopic,
  paymentEventTopic,
  paymentEventTypes,
  PaymentEventSchema,
  PaymentState,
  replayTopic,
  withDeadLetterMark,
} from '@payments/contracts';
import { openProducer, readOffsets, readRanges$ } from '@payments/kafka';
import type { RawKafkaMessage, ReadMessage } from '@payments/kafka';
import {
  eventually,
  startKafka,
  startService,
  startSlackStandIn,
  throwAwayDatabase,
} from '@payments/testing';
import type { RunningKafka } from '@payments/testing';
import kafkajs from 'kafkajs';
import { lastValueFrom, toArray } from 'rxjs';
import { startCommand } from '../start-command.fixture.ts';
import { dealWithOpen } from './deal-with-open.ts';

/** A Kafka of their own: the topics have one name each. Each spec goes on where the one before it ended. */
let closing: AsyncDisposableStack;
let kafka: RunningKafka;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dead-letters-spec-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  kafka = closing.use(await startKafka({ dataDir: folder }));
}, 180_000);
afterAll(() => closing.disposeAsync());

const run = (...args: string[]) =>
  startCommand('notifier', ['dead-letters', ...args], { KAFKA_BROKERS: kafka.brokers.join() }).ended;

type Listed = Record<'number' | 'state' | 'reason' | 'key' | 'ceId' | 'origin', unknown>;
type List = { open: number; done: number; more: number; deadLetters: Listed[] };
const list = async (...args: string[]) => JSON.parse((await run('list', '--json', ...args)).stdout) as List;

const inTime = { timeoutMs: 120_000 };
const appended = (topic: string, count: number) =>
  eventually(async () => expect(await kafka.recordsAppended(topic)).toBe(count), inTime);

const text = (value: string) => Buffer.from(value);
const headersOf = (texts: Record<string, string>) =>
  Object.entries(texts).map(([key, value]) => ({ key, value: text(value) }));

function payment(user: string): RawKafkaMessage {
  const id = randomUUID();
  const event = create(PaymentEventSchema, {
    eventId: id,
    occurTime: timestampFromDate(new Date()),
    payment: {
      paymentId: randomUUID(),
      userId: user,
      reservationId: `r-${user}`,
      amount: { currencyCode: 'KRW', units: 15_000n },
      state: PaymentState.COMPLETED,
    },
  });
  const value = Buffer.from(toBinary(PaymentEventSchema, event));
  const headers = headersOf({ ce_id: id, ce_type: paymentEventTypes.completed });
  return { topic: paymentEventTopic, key: text(user), value, headers };
}
const garbage = (user: string): RawKafkaMessage => ({ ...payment(user), value: Buffer.from([0xff]) });

/** A dead letter as the notifier writes it. */
function letter(message: RawKafkaMessage, offset: number): RawKafkaMessage {
  const origin = { topic: paymentEventTopic, partition: 3, offset: String(offset), timestamp: 0 };
  const mark = { ...origin, reason: 'no text', group: 'payment-notifier', setAsideAt: new Date() };
  return { ...message, topic: deadLetterTopic, headers: withDeadLetterMark(message.headers, mark) };
}

async function send(...messages: RawKafkaMessage[]): Promise<void> {
  await using producer = openProducer({ kafka: { brokers: kafka.brokers, clientId: 'spec' } });
  await producer.send(messages);
}

describe('before there was a notifier', () => {
  it('there are no dead letters, which is said with the place that was asked, and there is nothing to replay', async () => {
    const { exitCode, stdout } = await run('list');
    expect(stdout).toMatch(
      /^there are no dead letters: Kafka at 127\.0\.0\.1:\d+ has no topic payment-event\.notifier\.dlt/,
    );
    expect(exitCode).toBe(0);
    expect(await run('replay')).toMatchObject({ exitCode: 0, stdout: 'no dead letter is open\n' });
  });
});

describe('dead letters', () => {
  beforeAll(() => kafka.createTopic({ topic: deadLetterTopic, partitions: 1 }));

  it('are listed, the newest last, with number, time, reason, origin, id and key', async () => {
    const strange = { topic: deadLetterTopic, key: null, value: null, headers: [] };
    await send(letter(garbage('\u001b[2Jone'), 17), letter(garbage('two'), 18), strange);
    const { stdout, exitCode } = await run('list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^3 dead letters open\n/);
    const [one, two, three] = stdout.split('\n').filter((line) => /│ 0\/\d+ /.test(line));
    expect(one).toMatch(
      / 0\/0 +│ \d{4}-.*Z │ payment-event 3\/17 │ [\da-f-]{36} │ \\u001b\[2Jone +│ no text /,
    );
    expect(two).toMatch(/ 0\/1 .* 3\/18 .* two /);
    expect(three).toMatch(/ 0\/2 .* not written by the notifier/);
    const limited = await list('--limit', '1');
    expect(limited).toMatchObject({ open: 3, done: 0, more: 2, deadLetters: [{ number: '0/2', key: null }] });
  });

  it('are not touched unless somebody says yes', async () => {
    const { exitCode, stdout, stderr } = await run('replay');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^Publishes 3 dead letters to payment-event\.notifier\.replay.* say --yes to do it/,
    );
    expect(await kafka.recordsAppended(replayTopic)).toBe(0);
  });

  it('are replayed as they are named, and stay open', async () => {
    const absent = await run('replay', '0/1', '0/999', '--yes');
    expect(absent).toMatchObject({ exitCode: 1, stdout: '' });
    expect(absent.stderr).toContain('there is no dead letter 0/999');
    const { exitCode, stdout } = await run('replay', '0/1', '0/2', '0/1', '--yes');
    expect([exitCode, stdout]).toEqual([0, '2 dead letters replayed\n']);
    expect(await kafka.recordsAppended(replayTopic)).toBe(2);
    expect((await list()).open).toBe(3);
  });

  it('are skipped without being replayed', async () => {
    expect(await run('skip', '--yes')).toMatchObject({ exitCode: 0, stdout: '3 dead letters skipped\n' });
    expect(await list()).toMatchObject({ open: 0, done: 3, deadLetters: [] });
    const all = await list('--all');
    expect(all.deadLetters.map(({ number, state }) => [number, state])).toEqual([
      ['0/0', 'DONE'],
      ['0/1', 'DONE'],
      ['0/2', 'DONE'],
    ]);
    expect((await list('--group', 'another')).open).toBe(3);
    expect(await kafka.recordsAppended(replayTopic)).toBe(2);
  });

  it('are all replayed by two commands at a time: once, or twice where one takes over from the other', async () => {
    await send(...Array.from({ length: 2_000 }, (_, index) => letter(garbage(`many-${index}`), index)));
    const both = await Promise.all([run('replay', '--yes'), run('replay', '--yes')]);
    expect(both.map(({ exitCode }) => exitCode)).not.toContain(1);
    expect((await list()).open).toBe(0);
    const replays = await replayed();
    for (let index = 0; index < 2_000; index += 1) expect(replays.has(`many-${index}`)).toBe(true);
  });

  it('stay open as long as Kafka does not take their replay', async () => {
    await send(letter({ ...garbage('large'), value: Buffer.alloc(5_000, 0xff) }, 0));
    await settings({ 'max.message.bytes': '1000' });
    const refused = await run('replay', '--yes');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('MESSAGE_TOO_LARGE')]);
    expect((await list()).open).toBe(1);
    await settings({ 'max.message.bytes': '8388608' });
    expect((await run('replay', '--yes')).stdout).toBe('1 dead letter replayed\n');
    expect((await list()).open).toBe(0);
  });

  it('stay open if they come while those before them are dealt with', async () => {
    const place = { kafka: { brokers: kafka.brokers, clientId: 'spec' }, groupId: 'meanwhile' };
    const offsets = () =>
      readOffsets({ ...place, topic: deadLetterTopic, groupId: 'meanwhile.dead-letters' });
    const low = (await offsets())?.[0]?.low ?? 0n;
    const open = [{ partition: 0, from: low, until: low + 1n }];
    const numbers: string[] = [];
    const deal = (messages: readonly ReadMessage[]) =>
      Promise.resolve(void numbers.push(...messages.map(({ offset }) => offset)));
    const stop = new AbortController().signal;
    const dealt = await dealWithOpen({ place, open, deal, tell: () => undefined, stop });
    expect([dealt, numbers]).toEqual([{ end: 'ALL', done: 1 }, [String(low)]]);
    expect(await offsets()).toMatchObject([{ committed: low + 1n }]);
  });
});

describe('a replay', () => {
  it('reaches the notifier alone: what works now is told, what does not is open again with its first origin', async () => {
    const slack = closing.use(await startSlackStandIn());
    const env = {
      DATABASE_URL: closing.use(await throwAwayDatabase()).url,
      KAFKA_BROKERS: kafka.brokers.join(),
      SLACK_WEBHOOK_URL: slack.webhook,
      SLACK_MIN_INTERVAL_MS: '0',
    };
    const timesTold = (user: string) =>
      slack.received().filter((message) => JSON.stringify(message).includes(user)).length;
    const told = (user: string) => eventually(() => expect(timesTold(user)).toBe(1), inTime);
    const notifier = closing.use(await startService({ app: 'notifier', env }));
    await notifier.ready();
    // What the specs above have replayed: all of it is garbage but one, which is nothing at all.
    const before = 2_004 + (await kafka.recordsAppended(replayTopic));
    await appended(deadLetterTopic, before);
    await run('skip', '--yes');

    slack.failNext({ status: 400, body: 'invalid_blocks' });
    await send(payment('mended'));
    await appended(deadLetterTopic, before + 1);
    await send(garbage('hopeless'));
    await appended(deadLetterTopic, before + 2);
    const open = await list();
    expect(open.deadLetters.map(({ key, reason }) => [key, reason])).toEqual([
      ['mended', 'Slack answered 400 invalid_blocks'],
      ['hopeless', expect.stringContaining('not a payment.v1.PaymentEvent')],
    ]);
    const events = await kafka.recordsAppended(paymentEventTopic);

    const { exitCode, stdout } = await run('replay', '--yes');
    expect([exitCode, stdout]).toEqual([0, '2 dead letters replayed\n']);
    await told('mended');
    await appended(deadLetterTopic, before + 3);
    const again = await list('--all', '--limit', '3');
    expect(again.deadLetters).toMatchObject([
      { key: 'mended', state: 'DONE' },
      { key: 'hopeless', state: 'DONE' },
      { key: 'hopeless', state: 'OPEN', origin: open.deadLetters[1]?.origin },
    ]);
    expect(await kafka.recordsAppended(paymentEventTopic)).toBe(events);

    // Told once is told, however often it is replayed.
    await run('replay', String(open.deadLetters[0]?.number), '--yes');
    await send({ ...payment('after'), key: text('mended'), topic: replayTopic });
    await told('after');
    expect(timesTold('mended')).toBe(1);
  }, 300_000);
});

describe('where Kafka is', () => {
  it('is said by an option, else by the local system, and that it is not there by its place and a remedy', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dead-letters-spec-'));
    closing.defer(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'stack.json'), JSON.stringify({ kafka: { brokers: kafka.brokers } }));
    const ask = (...args: string[]) =>
      startCommand('notifier', ['dead-letters', 'list', ...args], { LOCAL_STATE_DIR: folder }).ended;
    expect((await ask()).exitCode).toBe(0);
    const away = await ask('--brokers', '127.0.0.1:1', '--json');
    expect(away.exitCode).toBe(1);
    const { error } = JSON.parse(away.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('KafkaJSConnectionError');
    expect(error.message).toMatch(
      /cannot be reached.*at 127\.0\.0\.1:1: start it, or name another one with --brokers/,
    );
  });

  it('must be spelled right, as all that is typed', async () => {
    const wrong = await run('list', '--brokers', 'nonsense', '--group', 'a b');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toMatch(/KAFKA_BROKERS must be/);
    expect(wrong.stderr).toMatch(/NOTIFIER_GROUP_ID must be/);
    const unset = await run('skip', '--group', '', '--yes');
    expect([unset.exitCode, unset.stderr]).toEqual([1, expect.stringContaining('--group is empty')]);
    const number = await run('replay', '17', '--yes');
    expect(number.exitCode).toBe(1);
    expect(number.stderr).toContain('such as 0/17');
  });
});

/** Gives the topic of replays other settings. */
async function settings(wanted: Record<string, string>): Promise<void> {
  const client = { brokers: kafka.brokers, clientId: 'spec', logLevel: kafkajs.logLevel.NOTHING };
  const admin = new kafkajs.Kafka(client).admin();
  await admin.connect();
  const configEntries = Object.entries(wanted).map(([name, value]) => ({ name, value }));
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: replayTopic, configEntries }];
  await admin.alterConfigs({ validateOnly: false, resources }).finally(() => admin.disconnect());
}

/** The keys of all that was replayed. */
async function replayed(): Promise<Set<string>> {
  const place = { kafka: { brokers: kafka.brokers, clientId: 'spec' }, groupId: `spec-${randomUUID()}` };
  const offsets = (await readOffsets({ ...place, topic: replayTopic })) ?? [];
  const ranges = offsets.map(({ partition, low, high }) => ({ partition, from: low, until: high }));
  const messages = await lastValueFrom(readRanges$({ ...place, topic: replayTopic, ranges }).pipe(toArray()));
  return new Set(messages.map(({ key }) => key));
}
