import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { readRequests, requestDiscard, requestRelease, requestRepublish } from './ask-owner.ts';
import { parkingDatabase, refusing, rounds } from './parking.fixture.ts';

let database: Awaited<ReturnType<typeof parkingDatabase>>;
beforeEach(async () => {
  database = await parkingDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const misuse = (message: RegExp) =>
  expect.objectContaining({ code: 'MISUSE', message: expect.stringMatching(message) as unknown });

describe('what people ask of the owners of lanes', () => {
  it('is one request for each lane in which something is parked', async () => {
    const { writer } = database;
    for (let key = 0; key < 40; key++) await database.append(`k${key}`, ['poison']);
    await rounds(await database.session(), refusing('poison'));
    const numbers = await requestRelease(writer, { all: true });
    const { rows } = await writer.query<{ lane: number }>(
      'select distinct lane from outbox.parked order by lane',
    );
    expect(rows.length).toBeGreaterThan(8);
    const lanes = (await readRequests(writer, numbers)).map(({ lane }) => lane);
    expect(lanes.toSorted((one, other) => one - other)).toEqual(rows.map(({ lane }) => lane));
    expect(await requestRelease(writer, { key: 'k7' })).toHaveLength(1);
    expect(await requestRepublish(writer, { since: new Date() })).toHaveLength(16);
  });

  it('is carried out at once on its hint, however rarely the relay looks', async () => {
    const session = await database.session();
    await database.append('a', ['poison']);
    await rounds(session, refusing('poison'));
    let hints = 0;
    const watching = session.wake$.subscribe(() => hints++);
    await requestRelease(database.writer, { key: 'a' });
    await eventually(() => expect(hints).toBe(1));
    watching.unsubscribe();
    // The round that the hint asks for finds it: a look that is due only once a second would not.
    expect(await rounds(session)).toHaveLength(1);
  });

  it('is refused with a remedy when there is nothing to do', async () => {
    const { writer } = database;
    const session = await database.session();
    await database.append('a', ['poison']);
    await database.append('b', ['poison', 'b2']);
    await rounds(session, refusing('poison'));
    const id = await database.idOf('poison');
    await expect(requestRelease(writer, { key: 'c' })).rejects.toEqual(
      misuse(/^Nothing is parked of key "c": .*parked` lists/),
    );
    await expect(requestRelease(writer, { topic: 't', key: 'a' })).rejects.toEqual(
      misuse(/key "a" in topic "t"/),
    );
    await expect(requestRelease(writer, {})).rejects.toEqual(misuse(/^Name what to release/));
    await expect(requestRelease(writer, { all: true, key: 'a' })).rejects.toEqual(
      misuse(/^Name what to release/),
    );
    await expect(requestDiscard(writer, { id: 'nonsense' })).rejects.toEqual(
      misuse(/^No message nonsense is parked/),
    );
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(requestDiscard(writer, { id: unknown })).rejects.toEqual(misuse(/^No message .* is parked/));
    await expect(requestRepublish(writer, { since: new Date('?') })).rejects.toEqual(misuse(/not a time/));
    await requestDiscard(writer, { id });
    await eventually(async () => {
      await rounds(session);
      await expect(requestDiscard(writer, { id })).rejects.toEqual(misuse(/discarded already/));
    });
  });
});
