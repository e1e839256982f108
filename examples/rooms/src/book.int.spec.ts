import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@payments/testing';
import { execa } from 'execa';

const root = join(import.meta.dirname, '../../..');

/** The command as people type it. */
const book = (databaseUrl: string, ...args: string[]) =>
  execa('npm', ['run', 'book', '--silent', '-w', 'examples/rooms', '--', ...args], {
    cwd: root,
    env: { DATABASE_URL: databaseUrl, NODE_OPTIONS: undefined, NODE_ENV: undefined },
    reject: false,
  });

describe('npm run book -w examples/rooms', () => {
  it('books by either way, from an empty database on, and says so; exit 1 for a room that is taken', async () => {
    await using database = await throwAwayDatabase();
    const booked = { exitCode: 0, stdout: 'booked, with a message to room-event and one to guest-event' };
    expect(await book(database.url, 'mikro-orm', 'blue', '2026-05-01', 'ada')).toMatchObject(booked);
    expect(await book(database.url, 'pg', 'blue', '2026-05-02', 'ada')).toMatchObject(booked);
    expect(await book(database.url, 'pg', 'blue', '2026-05-01', 'bob')).toMatchObject({
      exitCode: 1,
      stdout: 'blue is taken on 2026-05-01: nothing was written',
    });
  });

  it('says in a sentence what is wrong, and what to do about it', async () => {
    const nowhere = 'postgres://postgres@127.0.0.1:1/nothing';
    const { exitCode, stderr } = await book(nowhere, 'pg', 'blue', '2026-05-01', 'ada');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^PostgreSQL is not available: .*npm run servers.*DATABASE_URL\.$/);
    const noDay = await book(nowhere, 'pg', 'blue', 'tomorrow', 'ada');
    expect(noDay).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Write it like 2026-05-01.'),
    });
    const mistyped = await book(nowhere, 'prisma', 'blue', '2026-05-01', 'ada');
    expect(mistyped).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/mikro-orm, pg.*--help/s) });
  });
});
