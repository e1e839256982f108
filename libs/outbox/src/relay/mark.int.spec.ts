import { expect, it } from '@jest/globals';
import { outboxDatabase } from '../outbox.fixture.ts';
import { reachedBeforeId } from './mark.ts';

it('a mark is never above a number that is drawn after it, while the sequence is written to the server’s log', async () => {
  await using database = await outboxDatabase();
  const [reader, ...writers] = await Promise.all([1, 2, 3, 4].map(() => database.connect()));
  await reader?.query(`
    create function draw(seconds integer) returns void language plpgsql as $$
    declare until timestamptz := clock_timestamp() + make_interval(secs => seconds);
    begin
      while clock_timestamp() < until loop
        perform nextval('outbox.message_seq');
      end loop;
    end $$;
    create function marks_above(seconds integer, out reads integer, out above integer) language plpgsql as $$
    declare
      until timestamptz := clock_timestamp() + make_interval(secs => seconds);
      mark  bigint;
      later bigint;
    begin
      reads := 0;
      above := 0;
      select ${reachedBeforeId} into mark from outbox.message_seq;
      while clock_timestamp() < until loop
        select ${reachedBeforeId} into later from outbox.message_seq;
        above := above + (later < mark)::integer;
        reads := reads + 1;
        mark := later;
      end loop;
    end $$`);
  const drawing = Promise.all(writers.map((writer) => writer.query('select draw(8)')));
  const found = await reader?.query<{ reads: number; above: number }>('select * from marks_above(6)');
  await drawing;
  expect(found?.rows[0]?.reads).toBeGreaterThan(10_000);
  expect(found?.rows[0]?.above).toBe(0);
}, 30_000);
