import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { freePort, otlpReceiver } from '@payments/testing';

/** Runs trace-client.child.ts, which fails the spec if it does not end with 0, and gives what it printed. */
async function runCommand({ endpoint = '', env = {} as Record<string, string> }) {
  const child = join(import.meta.dirname, 'trace-client.child.ts');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [child, endpoint], {
    env: { PATH: process.env['PATH'], ...env },
  });
  const told = JSON.parse(stdout) as { traceparent?: string; ending: number; exiting: number };
  return { ...told, stderr };
}

describe('traceClient', () => {
  it('sends the spans of a command to the endpoint it was given, and hands their context on', async () => {
    await using receiver = await otlpReceiver();
    const { traceparent, stderr } = await runCommand({ endpoint: `${receiver.url}/` });
    const [, traceId] = traceparent?.split('-') ?? [];
    expect(receiver.raw()).toContain(Buffer.from(traceId ?? '', 'hex').toString());
    expect(receiver.raw()).toContain('pay');
    expect(stderr).toBe('');
  });

  it('sends them where the environment says instead, if it does', async () => {
    await using asked = await otlpReceiver();
    await using given = await otlpReceiver();
    await runCommand({ endpoint: given.url, env: { OTEL_EXPORTER_OTLP_ENDPOINT: asked.url } });
    expect([asked.raw().length > 0, given.raw()]).toEqual([true, '']);
  });

  it.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }, {}])(
    'makes none where it is told so, or there is nowhere to send to (%j)',
    async (env) => {
      await using receiver = await otlpReceiver();
      const nowhere = Object.keys(env).length === 0;
      const { traceparent } = await runCommand({ endpoint: nowhere ? '' : receiver.url, env });
      expect([traceparent, receiver.raw()]).toEqual([undefined, '']);
    },
  );

  it.each(['refuses', 'is ill', 'is silent'] as const)(
    'costs a command a second at most, and not its success, where the collector %s',
    async (manner) => {
      await using receiver = await otlpReceiver(manner === 'refuses' ? 'takes' : manner);
      const endpoint = manner === 'refuses' ? `http://127.0.0.1:${await freePort()}` : receiver.url;
      const { traceparent, ending, exiting, stderr } = await runCommand({ endpoint });
      expect([typeof traceparent, stderr]).toEqual(['string', '']);
      // A second, and room for a slow machine; the exporter's own patience would be ten.
      expect(ending).toBeLessThan(2500);
      expect(exiting).toBeLessThan(4000);
    },
  );
});
