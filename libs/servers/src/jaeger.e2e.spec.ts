import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { join } from 'node:path';
import { findJaeger } from './find-jaeger.ts';
import { isAlive } from './is-alive.ts';
import { startJaeger } from './jaeger.ts';
import { pollUntil } from './poll-until.ts';
import { specFolder } from './spec-folder.fixture.ts';

const whereThereIsOne = (await findJaeger()) === null ? it.skip : it;

const traceId = '0123456789abcdef0123456789abcdef';
const span = {
  traceId,
  spanId: '0123456789abcdef',
  name: 'a span',
  kind: 2,
  startTimeUnixNano: `${Date.now()}000000`,
  endTimeUnixNano: `${Date.now() + 5}000000`,
};
const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'spec' } }] };

describe('startJaeger', () => {
  whereThereIsOne('takes a span over OTLP and shows it in its query API, and ends', async () => {
    const jaeger = await startJaeger();
    if (!jaeger) throw new Error('there was a Jaeger a moment ago');
    await fetch(`${jaeger.otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    });
    const found = await pollUntil({ for: 'the span', timeoutMs: 15_000 }, async () => {
      const reply = await fetch(`${jaeger.query}/api/traces/${traceId}`);
      return reply.ok
        ? ((await reply.json()) as { data: { spans: { operationName: string }[] }[] })
        : undefined;
    });
    expect(found.data[0]?.spans.map(({ operationName }) => operationName)).toEqual(['a span']);
    await jaeger.stop();
    expect(isAlive(jaeger.pid)).toBe(false);
  });

  it('is null where no Jaeger is to be had', async () => {
    await using folder = await specFolder();
    const script = `
      const { startJaeger } = await import(${JSON.stringify(join(import.meta.dirname, 'jaeger.ts'))});
      console.log(await startJaeger());`;
    const env = { PATH: folder.path, XDG_CACHE_HOME: folder.path };
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], {
      env,
      extendEnv: false,
    });
    expect(stdout).toBe('null');
  });
});
