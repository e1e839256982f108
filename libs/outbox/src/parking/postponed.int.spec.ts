import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { texts } from '../outbox.fixture.ts';
import type { Batch } from '../relay/batches.ts';
import { requestRelease } from './ask-owner.ts';
import { parkingDatabase, refusing, rounds } from './parking.fixture.ts';

it('a release that cannot be sent for now is put off, and the log goes on meanwhile', async () => {
  await using database = await parkingDatabase();
  const session = await database.session();
  await database.append('a', ['poison', 'a2']);
  await rounds(session, refusing('poison'));
  await requestRelease(database.writer, { key: 'a' });
  const next = (kind: Batch['kind']) =>
    eventually(async () => {
      const batch = await session.nextBatch();
      expect(batch.kind).toBe(kind);
      expect(batch.messages).not.toEqual([]);
      return batch;
    });
  const postponed = await next('RELEASE');
  session.postpone(postponed);

  await database.append('b', ['b1']);
  // At once: the release takes no turn for a while.
  const ofLog = await session.nextBatch();
  expect(texts(ofLog.messages)).toEqual(['b1']);
  expect(() => session.postpone(ofLog)).toThrow(/holds up nobody/);
  await session.acknowledge(ofLog);
  // What follows the parked key still does.
  await database.append('a', ['a3']);
  await expect(session.acknowledge(postponed)).rejects.toThrow(/returned last/);
  const again = await eventually(async () => {
    const batch = await session.nextBatch();
    if (batch.kind === 'LOG') await session.acknowledge(batch);
    expect(batch.kind).toBe('RELEASE');
    return batch;
  });
  expect(texts(again.messages)).toEqual(['poison', 'a2', 'a3']);
  await session.acknowledge(again);
  await database.append('a', ['a4']);
  expect(texts((await next('LOG')).messages)).toEqual(['a4']);
});
