import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { KafkaNode } from '@payments/servers';
import { eventually } from '@payments/testing';
import { startAgain } from './start-again.ts';
import type { Fault, Stage } from './stage.fixture.ts';

const chosen = <T>(from: readonly T[], whom: number): T => from[Math.floor(whom * from.length)] as T;

/** `kill -9` of a broker, and a start. The others take its partitions over. */
export const brokerKilled: Fault = async (stage, { whom, forMs }) => {
  const node = chosen(stage.cluster.kafka.nodes, whom);
  const led = await ledBy(stage, node);
  await node.kill();
  await eventually(async () => expect(await ledBy(stage, node)).toBe(0), { timeoutMs: 60_000, everyMs: 100 });
  await pause(forMs);
  await startAgain(node);
  return { hit: led > 0, saw: `broker ${node.id} led ${led} partitions, the others took them over` };
};

async function ledBy({ cluster: { kafka }, topics }: Stage, { id }: KafkaNode): Promise<number> {
  const partitions = await Promise.all(topics.map((topic) => kafka.partitions(topic)));
  return partitions.flat().filter(({ leader }) => leader === id).length;
}

/** Moves the leader of a partition to another living replica. */
export const leaderMoved: Fault = async (stage, { whom }) => {
  const { kafka } = stage.cluster;
  const topic = chosen(stage.topics, whom);
  const { partition, leader, inSync } = chosen(await kafka.partitions(topic), (whom * 97) % 1);
  const to = inSync.find((id) => id !== leader);
  if (to === undefined) return { hit: false, saw: `${topic}/${partition} has no other replica in sync` };
  const failure = await kafka.moveLeader({ topic, partition, to }).catch((error: Error) => error);
  const saw = failure ? failure.message : `${topic}/${partition} moved from broker ${leader} to ${to}`;
  return { hit: !failure, saw };
};

/** Resets every connection to every broker, those between brokers with them. */
export const kafkaConnectionsCut: Fault = ({ cluster: { doors } }) => {
  const open = doors.reduce((sum, { proxy }) => sum + proxy.connections(), 0);
  for (const { proxy } of doors) proxy.cutAll();
  return Promise.resolve({ hit: open > 0, saw: `${open} connections` });
};

/** Cuts the reply to a produce request off: the broker has appended, and the relay does not know. */
export const produceReplyCut: Fault = async ({ cluster: { doors } }, { whom }) => {
  const door = chosen(doors, whom);
  const cut = await door.cutProduceReplies(1, 5000);
  return {
    hit: cut,
    saw: `broker ${doors.indexOf(door) + 1} ${cut ? 'had appended' : 'got nothing within 5 s'}`,
  };
};
