import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { advisoryLockClass } from './advisory-locks.ts';

it.each(['0001-message-log', '0002-scan-bounds'])(
  'has the same bucket class in %s as in the code',
  async (name) => {
    const sql = await readFile(new URL(`./migrations/${name}.sql`, import.meta.url), 'utf8');
    const classes = [...sql.matchAll(/pg_advisory_xact_lock(?:_shared)?\((\d+), bucket\)/g)].map(
      ([, number]) => Number(number),
    );
    expect(classes).toEqual([advisoryLockClass.bucket, advisoryLockClass.bucket]);
  },
);

it('has the same retention class in the migration as in the code', async () => {
  const sql = await readFile(new URL('./migrations/0004-retention.sql', import.meta.url), 'utf8');
  const classes = [...sql.matchAll(/pg_try_advisory_xact_lock\((\d+), 0\)/g)].map(([, number]) =>
    Number(number),
  );
  expect(classes).toEqual([advisoryLockClass.retention, advisoryLockClass.retention]);
});

it('gives every class a number of its own', () => {
  const numbers = Object.values(advisoryLockClass);
  expect(new Set(numbers).size).toBe(numbers.length);
});
