import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { advisoryLockClass } from './advisory-locks.ts';

it('has the same bucket class in the migration as in the code', async () => {
  const sql = await readFile(new URL('./migrations/0001-message-log.sql', import.meta.url), 'utf8');
  const classes = [...sql.matchAll(/pg_advisory_xact_lock(?:_shared)?\((\d+), bucket\)/g)].map(([, number]) =>
    Number(number),
  );
  expect(classes).toEqual([advisoryLockClass.bucket, advisoryLockClass.bucket]);
});

it('gives every class a number of its own', () => {
  const numbers = Object.values(advisoryLockClass);
  expect(new Set(numbers).size).toBe(numbers.length);
});
