import { describe, expect, it } from '@jest/globals';
import { startService, throwAwayDatabase } from './index.ts';

describe('startService', () => {
  it('runs a service as a process of its own, tells where it listens, and ends it', async () => {
    await using database = await throwAwayDatabase();
    await using service = await startService({ app: 'payment', env: { DATABASE_URL: database.url } });
    expect(service.http).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(service.grpc).toMatch(/^127\.0\.0\.1:\d+$/);
    await service.ready();
    expect((await fetch(`http://${service.http}/livez`)).status).toBe(200);
    expect(await service.kill('SIGTERM')).toBe('exit code 0');
  });

  it('tells how it was killed', async () => {
    await using database = await throwAwayDatabase();
    await using service = await startService({ app: 'payment', env: { DATABASE_URL: database.url } });
    await service.ready();
    expect(await service.kill()).toBe('SIGKILL');
    await expect(service.waitForLine('never printed')).rejects.toThrow(
      /ended with SIGKILL before it printed never printed/,
    );
  });

  it('says what a service printed that did not come to listen', async () => {
    const starting = startService({ app: 'payment', env: { DATABASE_URL: 'nonsense' } });
    await expect(starting).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/exit code 1[^]*DATABASE_URL/) as unknown },
    });
  });
});
