import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findTracing } from './find-tracing.ts';

let folder: string;
let stackFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'payments-cli-'));
  stackFile = join(folder, 'stack.json');
});
afterEach(() => rm(folder, { recursive: true }));

const writeStack = (jaeger: unknown) => writeFile(stackFile, JSON.stringify({ jaeger }));

/** A Jaeger whose pages are these. */
const openPages = async (html: string) => {
  const server = createServer((_request, response) => response.end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, [Symbol.asyncDispose]: close };
};

const otlp = 'http://127.0.0.1:4318';

describe('findTracing', () => {
  it.each([
    ['<html><script src="x"></script>', 'trace'],
    ['<html>a placeholder', 'api/traces'],
  ])('finds the Jaeger of the local system, whose page is %j', async (html, path) => {
    await using pages = await openPages(html);
    await writeStack({ otlp, query: pages.url });
    const tracing = await findTracing({ traces: 'local', stackFile });
    expect(tracing?.otlpEndpoint).toBe(otlp);
    expect(await tracing?.findLink()).toBe(`${pages.url}/${path}/{traceId}`);
  });

  it('knows no page where nobody answers', async () => {
    await writeStack({ otlp, query: 'http://127.0.0.1:1' });
    expect(await (await findTracing({ traces: 'local', stackFile }))?.findLink()).toBeUndefined();
  });

  it('knows where the standard variables say, without a look at the local system, and the page of TRACE_URL', async () => {
    await writeStack({ otlp, query: otlp });
    const tracing = await findTracing({ traces: 'as set', traceUrl: 'https://t/{traceId}', stackFile });
    expect(tracing?.otlpEndpoint).toBeUndefined();
    expect(await tracing?.findLink()).toBe('https://t/{traceId}');
  });

  it('prefers TRACE_URL to the pages of the local system', async () => {
    await writeStack({ otlp, query: 'http://127.0.0.1:1' });
    const tracing = await findTracing({ traces: 'local', traceUrl: 'https://t/{traceId}', stackFile });
    expect(await tracing?.findLink()).toBe('https://t/{traceId}');
  });

  it.each([null, undefined, 4318, {}, { otlp: 'nowhere' }, { otlp: 4318 }])(
    'finds nothing where stack.json says %j',
    async (jaeger) => {
      await writeStack(jaeger);
      expect(await findTracing({ traces: 'local', stackFile })).toBeUndefined();
    },
  );

  it('finds nothing where there is no stack.json, and does not look where telemetry is off', async () => {
    expect(await findTracing({ traces: 'local', stackFile })).toBeUndefined();
    await writeStack({ otlp });
    expect(await findTracing({ traces: 'nowhere', stackFile })).toBeUndefined();
  });
});
