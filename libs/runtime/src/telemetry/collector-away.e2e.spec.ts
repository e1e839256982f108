import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freePort, otlpReceiver } from '@payments/testing';

type Line = {
  msg: string;
  ms: number;
  processorMs: number;
  early: number;
  late: number;
  lost?: number;
  reason?: string;
};

/** Runs many-spans.child.ts under the preload until it is stopped. */
function startChild(env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    ['--import', '@payments/runtime/telemetry', join(import.meta.dirname, 'many-spans.child.ts')],
    { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const said = (msg: string) => lines.filter((line) => line.msg.startsWith(msg));
  return {
    said,
    line: (msg: string) =>
      eventually(
        () => said(msg)[0] ?? Promise.reject(new Error(`"${msg}" is not in ${JSON.stringify(lines)}`)),
      ),
    /** Tells it to stop, and gives its exit code and how long that took, in milliseconds. */
    stop: async () => {
      const before = performance.now();
      child.kill('SIGTERM');
      const [code] = await closed;
      return { code, ms: performance.now() - before };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Collectors that are away, each in its way, and their addresses. */
const absent = {
  'refuses connections': async () => ({ url: `http://127.0.0.1:${await freePort()}`, ...nothing }),
  'takes connections and never answers': () => otlpReceiver('is silent'),
  'answers 503': () => otlpReceiver('is ill'),
};
const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };

describe('while the collector is away', () => {
  /** What the same work takes where no span is made. */
  let alone: Line;
  beforeAll(async () => {
    await using child = startChild({});
    alone = await child.line('worked');
  });

  it.each(Object.entries(absent))(
    'and %s, 50,000 spans slow a process little, leave nothing in its memory, and hold its end up for 3 s at most',
    async (_how, open) => {
      await using collector = await open();
      await using child = startChild({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
      const { ms, processorMs, early, late } = await child.line('worked');
      const { code, ms: ending } = await child.stop();
      const [longer, harder] = [ms / alone.ms, processorMs / alone.processorMs];
      console.log(
        `${longer.toFixed(2)} times the time, ${harder.toFixed(2)} times the processor's; heap ${early >> 20} MB, then ${late >> 20} MB; ended in ${ending.toFixed(0)} ms`,
      );
      // A request for each span costs the processor ten times the work, and waiting for one is time without end. The
      // time alone is also that of others on the machine.
      expect(harder).toBeLessThan(3);
      expect(longer).toBeLessThan(10);
      // 40,000 spans are 60 MB.
      expect(late - early).toBeLessThan(8 << 20);
      expect(code).toBe(0);
      expect(ending).toBeLessThan(3000);
    },
  );

  it('the log says so once, and once that it is back, with the spans that were lost', async () => {
    await using collector = await otlpReceiver('is ill');
    await using child = startChild({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    });
    expect((await child.line('traces cannot be sent')).reason).toBeTruthy();
    await child.line('worked');
    // The second batch, and the third: what they met was told with the first.
    const sent = collector.raw().length;
    await eventually(() => expect(collector.raw().length).toBeGreaterThan(sent + 1));
    expect(child.said('traces are sent again')).toEqual([]);
    collector.behave('takes');
    const { lost } = await child.line('traces are sent again');
    expect(lost).toBeGreaterThan(30_000);
    await child.stop();
    expect([child.said('traces cannot'), child.said('traces are')].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
  });
});
