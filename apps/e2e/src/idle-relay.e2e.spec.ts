import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { laneCounts, untilShares } from './lanes-seen.fixture.ts';
import { startSystem } from './system.fixture.ts';

/** For how long a relay is watched doing nothing, in milliseconds. */
const watchMs = 20_000;
/** The clock tick of Linux's process statistics, in milliseconds. */
const tickMs = 10;

/** The processor time that a process has used, in milliseconds: the fields utime and stime of proc(5). */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

// Processor time is told by the kernel; other systems than Linux tell it elsewhere.
const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux(
  'an idle relay of 16 lanes costs less than 2 % of a core, its database backend included',
  async () => {
    await using system = await startSystem();
    const relay = await system.start('relay');
    await relay.ready();
    const onlooker = await system.connect();
    await untilShares(onlooker, [16]);
    const [backend] = (await laneCounts(onlooker)).keys();
    const used = async () => (await processorMs(relay.pid)) + (await processorMs(backend as number));
    // Ready, it still compiles and warms up for a while.
    await pause(5000);
    const before = await used();
    await pause(watchMs);
    const share = ((await used()) - before) / watchMs;
    console.log(`idle: ${(100 * share).toFixed(2)} % of a core`);
    expect(share).toBeLessThan(0.02);
  },
  120_000,
);
