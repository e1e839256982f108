import { describe, expect, it } from '@jest/globals';

import { openHealth } from './open-health.ts';

const listen = { host: '127.0.0.1', port: 0 };

async function get(address: string, path: string) {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('openHealth', () => {
  it('is live while it is not ready, and says of each part why', async () => {
    await using health = await openHealth({ listen, parts: ['database', 'kafka'] });
    health.notReady('kafka', 'ECONNREFUSED 127.0.0.1:19092');
    expect(await get(health.address, '/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get(health.address, '/readyz')).toEqual({
      status: 503,
      text: 'database: starting\nkafka: ECONNREFUSED 127.0.0.1:19092\n',
    });
  });

  it('is ready once every part is, and no longer when one fails again', async () => {
    await using health = await openHealth({ listen, parts: ['database', 'kafka'] });
    health.ready('database');
    expect((await get(health.address, '/readyz')).status).toBe(503);
    health.ready('kafka');
    expect(await get(health.address, '/readyz')).toEqual({ status: 200, text: 'ok\n' });
    health.notReady('database', 'connection lost');
    expect(await get(health.address, '/readyz?verbose')).toEqual({
      status: 503,
      text: 'database: connection lost\n',
    });
  });

  it('is not ready, but live, once it is told to stop', async () => {
    const stopping = new AbortController();
    await using health = await openHealth({ listen, stop: stopping.signal });
    expect((await get(health.address, '/readyz')).status).toBe(200);
    stopping.abort();
    expect(await get(health.address, '/readyz')).toEqual({ status: 503, text: 'process: stopping\n' });
    expect((await get(health.address, '/livez')).status).toBe(200);
  });

  it('answers 404 elsewhere', async () => {
    await using health = await openHealth({ listen });
    expect((await get(health.address, '/')).status).toBe(404);
  });

  it('names the address and its variable when it is taken', async () => {
    await using health = await openHealth({ listen });
    const port = Number(health.address.split(':')[1]);
    await expect(openHealth({ listen: { host: '127.0.0.1', port } })).rejects.toThrow(
      `cannot serve health on 127.0.0.1:${port} (HTTP_LISTEN)`,
    );
  });
});
