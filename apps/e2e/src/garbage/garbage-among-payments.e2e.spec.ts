import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { deadLetterTopic, paymentEventTopic } from '@payments/contracts';
import { openProducer, readOffsets, type RawKafkaMessage } from '@payments/kafka';
import { freePort } from '@payments/servers';
import { eventually } from '@payments/testing';
import { garbageMessages } from '../config.ts';
import { memoryAfterCollection } from '../grpc-fuzz/inspect-memory.fixture.ts';
import { startSystem, type System } from '../system.fixture.ts';
import { compareDeadLetters } from './same-bytes.fixture.ts';
import { garbage, payment } from './garbage.fixture.ts';

const group = 'garbage-notifier';
const paymentEvery = 100;
const reservation = /^good-\d+$/;

/** Garbage with a payment behind every hundred of it. */
function mixed(from: number, count: number): RawKafkaMessage[] {
  return garbage(from, count).flatMap((message, index) =>
    (from + index) % paymentEvery === 0 ? [message, payment(`good-${from + index}`)] : [message],
  );
}

async function send(system: System, from: number, count: number): Promise<void> {
  await using producer = openProducer({ kafka: { brokers: system.kafka.brokers, clientId: 'garbage' } });
  for (let done = 0; done < count; done += 1_000)
    await producer.send(mixed(from + done, Math.min(1_000, count - done)));
}

/** Until all that was sent is dealt with: offsets are committed up to the end. */
async function allDealtWith(system: System): Promise<void> {
  const kafka = { brokers: system.kafka.brokers, clientId: 'garbage' };
  const lag = async () => {
    const offsets = await readOffsets({ kafka, topic: paymentEventTopic, groupId: group });
    return offsets?.filter(({ high, committed = 0n }) => committed < high).length;
  };
  await eventually(async () => expect(await lag()).toBe(0), { timeoutMs: 1_200_000, everyMs: 500 });
}

/** The most memory that a process has held so far, in megabytes. */
async function mostResidentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

it('garbage on the topic is set aside byte for byte, the payments among it are told, and memory stays flat', async () => {
  await using system = await startSystem();
  const inspector = await freePort();
  const notifier = await system.start('notifier', {
    NOTIFIER_GROUP_ID: group,
    NOTIFIER_DIGEST_ABOVE: '1000',
    NODE_OPTIONS: `--inspect=127.0.0.1:${inspector}`,
  });
  await notifier.ready();
  const count = garbageMessages();
  // What it needs once is had before the first look: code that became hot, buffers, connections.
  const first = Math.max(1_000, count / 10);
  await send(system, 0, first);
  await allDealtWith(system);
  const [before, mostBefore] = [await memoryAfterCollection(inspector), await mostResidentMb(notifier.pid)];

  await send(system, first, count - first);
  const begun = performance.now();
  const already = await system.kafka.recordsAppended(deadLetterTopic);
  await allDealtWith(system);
  const seconds = (performance.now() - begun) / 1000;
  const perSecond = Math.round((count - already) / seconds);
  const [after, mostAfter] = [await memoryAfterCollection(inspector), await mostResidentMb(notifier.pid)];

  const isGarbage = ({ key }: { key: Buffer | null }) => !reservation.test(key?.toString() ?? '');
  const { different, missing, repeated, same } = await compareDeadLetters(system.kafka, isGarbage);
  const told = system.slack.received().map((message) => /good-\d+/.exec(JSON.stringify(message))?.[0]);
  const errors = notifier.lines.filter(({ fields }) => fields['level'] === 'error');
  console.log(
    [
      `${count} messages of garbage, ${told.length} payments among them: ${same} dead letters the same byte for byte`,
      `${perSecond} of them a second; ${errors.length} lines of errors in the log`,
      `heap ${before.heapMb} MB after the first ${first}, then ${after.heapMb} MB; resident ${before.residentMb} MB, then ${after.residentMb} MB; at most ${mostBefore} MB, then ${mostAfter} MB`,
    ].join('\n'),
  );
  expect({ different, missing, repeated, same }).toEqual({
    different: [],
    missing: [],
    repeated: [],
    same: count,
  });
  const good = Array.from({ length: count / paymentEvery }, (_, index) => `good-${index * paymentEvery}`);
  expect(told.sort()).toEqual(good.sort());
  expect(errors.length).toBeLessThan(20 + seconds);
  expect(after.heapMb).toBeLessThan(1.2 * before.heapMb);
  expect(after.residentMb).toBeLessThan(1.2 * before.residentMb);
}, 1_800_000);
