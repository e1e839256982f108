import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, describe, expect, it } from '@jest/globals';

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** Starts run-until-signal.child.ts. `line` resolves with the first line of output that contains the text. */
function start(main: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-until-signal.child.ts'), main], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  const output: string[] = [];
  const arrived = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output.push(line);
      arrived.dispatchEvent(new Event('line'));
    });
  }
  const line = async (text: string) => {
    while (!output.some((each) => each.includes(text))) await once(arrived, 'line');
  };
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output: output.join('\n') }));
  return { child, line, ended };
}

describe('runUntilSignal', () => {
  it('ends with 0 when main returns', async () => {
    expect(await start('returns').ended).toEqual({ code: 0, output: '' });
  });

  it('ends with 1 when main throws, and logs the error', async () => {
    const { code, output } = await start('throws').ended;
    expect(code).toBe(1);
    expect(output).toContain('the disk is gone');
  });

  it('ends with 1 on bad configuration and prints it without a stack', async () => {
    expect(await start('bad-config').ended).toEqual({
      code: 1,
      output: 'The configuration is not usable:\n  PORT is not set',
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('lets main finish on %s and ends with 0', async (signal) => {
    const { child, line, ended } = start('drains');
    await line('"up"');
    child.kill(signal);
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(output).toContain('drained');
  });

  it('ends with 0 when the signal comes while it waits for a server', async () => {
    const { child, line, ended } = start('waits');
    await line('waiting for kafka');
    child.kill('SIGTERM');
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(output).not.toContain('"level":"fatal"');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends at once on a second %s', async (signal, code) => {
    const { child, line, ended } = start('never-ends');
    await line('"up"');
    const again = setInterval(() => child.kill(signal), 100);
    expect((await ended).code).toBe(code);
    clearInterval(again);
  });

  it('takes a signal that comes twice at once for one, as Ctrl-C under npm does', async () => {
    const { child, line, ended } = start('drains-once-it-is-free');
    await line('"busy"');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    child.stdin.end();
    expect((await ended).code).toBe(0);
  });

  it('names what keeps a finished process alive, and ends it', async () => {
    const { code, output } = await start('leaks').ended;
    expect(code).toBe(0);
    expect(output).toContain('something is still open');
    expect(output).toContain('Timeout');
  });

  it('logs an error that nobody caught, and ends with 1', async () => {
    const { code, output } = await start('throws-later').ended;
    expect(code).toBe(1);
    expect(output).toContain('from a timer');
  });

  it('does not wait for ever for a collector that hangs', async () => {
    const before = performance.now();
    expect((await start('collector-hangs').ended).code).toBe(0);
    // The alternative is for ever; the start of a process is within it.
    expect(performance.now() - before).toBeLessThan(30_000);
  });
});
