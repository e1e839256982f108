import { expect, it } from '@jest/globals';
import { appendMany, outboxDatabase } from '../outbox.fixture.ts';
import { backlogRows, usageOf, type Usage } from './large-backlog.fixture.ts';

const total = backlogRows();
const keys = 500;
const chunk = 10_000;

it(
  `a backlog of ${total} messages drains at a flat cost in flat memory, beside an open transaction that owns rows`,
  async () => {
    await using database = await outboxDatabase();
    const [writer, open] = [await database.connect(), await database.connect()];
    await open.query('begin');
    await appendMany(open, 5000, `'open'`);
    for (let appended = 0; appended < total; appended += chunk)
      await appendMany(writer, chunk, `'k' || (i % ${keys})`, `convert_to(repeat('x', 200), 'UTF8')`);
    await appendMany(open, 5000, `'open'`);

    const session = await database.session();
    const usage = await usageOf(writer);
    const tenths: Usage[] = [await usage()];
    const last = new Map<string, bigint>();
    let reversed = 0;
    let messages = 0;
    for (;;) {
      const batch = await session.nextBatch();
      if (batch.messages.length === 0) break;
      for (const { key, seq } of batch.messages) {
        if (seq <= (last.get(key) ?? 0n)) reversed++;
        last.set(key, seq);
      }
      await session.acknowledge(batch);
      messages += batch.messages.length;
      if (messages >= (total / 10) * tenths.length) tenths.push(await usage());
    }

    expect(messages).toBe(total);
    expect(reversed).toBe(0);
    expect(tenths).toHaveLength(11);
    const cost = tenths.slice(1).map((after, tenth) => costBetween(tenths[tenth] as Usage, after));
    console.log(cost.map(describeCost).join('\n'));
    const [second, tenth] = [cost[1] as Cost, cost[9] as Cost];
    // The median of three, since a busy neighbour makes the same work dearer. Red once a cost that grows evenly is, in the last
    // tenth, twice that of the second.
    const medianCpu = (three: readonly Cost[]) =>
      three.map(({ backendCpu }) => backendCpu).toSorted((a, b) => a - b)[1] as number;
    expect(medianCpu(cost.slice(7))).toBeLessThan(1.67 * medianCpu(cost.slice(1, 4)));
    expect(tenth.ownMemory).toBeLessThan(1.2 * second.ownMemory + 10);
    expect(tenth.backendMemory).toBeLessThan(1.2 * second.backendMemory + 10);

    // What the open transaction held is published as soon as it is over.
    await open.query('commit');
    const late: string[] = [];
    for (;;) {
      const batch = await session.nextBatch();
      if (batch.messages.length === 0) break;
      late.push(...batch.messages.map(({ key }) => key));
      await session.acknowledge(batch);
    }
    expect(late).toEqual(Array.from({ length: 10_000 }, () => 'open'));
  },
  180_000 + total / 2,
);

interface Cost extends Usage {
  rate: number;
}

/** The cost of a tenth of the backlog; memory as it was at its end. */
const costBetween = (before: Usage, after: Usage): Cost => ({
  ...after,
  rate: Math.round((total / 10 / (after.at - before.at)) * 1000),
  ownCpu: after.ownCpu - before.ownCpu,
  backendCpu: after.backendCpu - before.backendCpu,
});

const describeCost = (cost: Cost, index: number): string =>
  `tenth ${index + 1}: ${cost.rate} messages/s; processor ${cost.ownCpu.toFixed(0)} ms and ${cost.backendCpu.toFixed(0)} ms in the server; ` +
  `memory ${cost.ownMemory.toFixed(0)} MB and ${cost.backendMemory.toFixed(1)} MB in the server`;
