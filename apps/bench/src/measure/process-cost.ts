import { readFile, readdir } from 'node:fs/promises';

/** The clock tick of Linux's process statistics, in milliseconds. */
const tickMs = 10;

/** What processes have used so far. */
export interface Cost {
  /** Processor time in milliseconds, of children that have ended as well. */
  cpuMs: number;
  /** Memory of their own and their part of what they share (PSS), in MB. */
  memoryMb: number;
  /** The highest resident memory (RSS) so far, in MB, added up. */
  peakMb: number;
}

/** What the processes `pids` and all of their descendants have used so far. @throws Error where there is no /proc */
export async function costOf(pids: readonly number[]): Promise<Cost> {
  const all = await withDescendants(pids);
  const costs = await Promise.all(all.map(costOfOne));
  return costs.reduce((sum, one) => ({
    cpuMs: sum.cpuMs + one.cpuMs,
    memoryMb: sum.memoryMb + one.memoryMb,
    peakMb: sum.peakMb + one.peakMb,
  }));
}

/** Processor time alone, in milliseconds, which costs much less to ask for. */
export async function cpuMsOf(pids: readonly number[]): Promise<number> {
  const all = await withDescendants(pids);
  const times = await Promise.all(all.map(async (pid) => (await statOf(pid)).cpuMs));
  return times.reduce((sum, time) => sum + time, 0);
}

/** Processor time of this process alone, without what it has started, in milliseconds. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function costOfOne(pid: number): Promise<Cost> {
  const { cpuMs } = await statOf(pid);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return { cpuMs, memoryMb: megabytes(rollup, 'Pss'), peakMb: megabytes(status, 'VmHWM') };
}

function megabytes(text: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0;
  return Number(kilobytes) / 1024;
}

/** The parent and the processor time of a process: ppid, utime, stime, cutime and cstime of proc(5). One that has ended has none. */
async function statOf(pid: number): Promise<{ parent: number; cpuMs: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + field, 0);
  return { parent: fields[1] ?? 0, cpuMs: ticks * tickMs };
}

async function withDescendants(pids: readonly number[]): Promise<number[]> {
  const running = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(
    running.map(async (pid) => ({ pid, parent: (await statOf(pid)).parent })),
  );
  const found = new Set(pids);
  let size = 0;
  while (size < found.size) {
    size = found.size;
    for (const { pid, parent } of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}
