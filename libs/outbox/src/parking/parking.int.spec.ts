import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { texts } from '../outbox.fixture.ts';
import { requestDiscard, requestRelease } from './ask-owner.ts';
import {
  parkingDatabase,
  publish,
  refusing,
  round,
  rounds,
  takingAll,
  textsByKey,
} from './parking.fixture.ts';

let database: Awaited<ReturnType<typeof parkingDatabase>>;
beforeEach(async () => {
  database = await parkingDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

/** Two keys of one lane: found by trying. */
async function keysOfOneLane(): Promise<[string, string]> {
  const { rows } = await database.writer.query<{ key: string }>(
    `select 'k' || i as key from generate_series(1, 200) as i where outbox.key_hash('k' || i) & 15 = 3 order by i limit 2`,
  );
  return rows.map(({ key }) => key) as [string, string];
}

describe('a refused message', () => {
  it('is parked however long its key and topic are, for longer ones are not taken', async () => {
    const session = await database.session();
    const { rows } = await database.writer.query<{ noise: string }>(
      `select string_agg(md5(i::text), '') as noise from generate_series(1, 40) as i`,
    );
    const noise = rows[0]?.noise ?? '';
    const topic = `${noise.slice(0, 200)}${'열'.repeat(49)}`;
    await database.append(noise.slice(0, 1024), ['poison'], topic);
    await rounds(session, refusing('poison'));
    expect(await database.parked()).toEqual(['poison MESSAGE PARKED']);
    await expect(database.append(noise.slice(0, 1025), ['x'])).rejects.toThrow(/key has 1025 bytes/);
    await expect(database.append('k', ['x'], `${topic}x`)).rejects.toThrow(/topic has 250 characters/);
  });

  it('is parked, and what comes behind it of its key follows; everybody else goes on', async () => {
    const session = await database.session();
    await database.append('a', ['a1', 'poison', 'a3']);
    await database.append('b', ['b1']);
    expect(textsByKey(await rounds(session, refusing('poison')))).toEqual({ a: ['a1'], b: ['b1'] });
    await database.append('a', ['a4']);
    await database.append('b', ['b2']);
    // Nobody asks Kafka for a4: what it would say does not matter.
    expect(textsByKey(await rounds(session))).toEqual({ b: ['b2'] });
    expect(await database.parked()).toEqual([
      'poison MESSAGE PARKED',
      'a3 FOLLOWS PARKED',
      'a4 FOLLOWS PARKED',
    ]);
  });

  it('holds up its key in its topic, not the same key in another', async () => {
    const session = await database.session();
    await database.append('a', ['poison']);
    await rounds(session, refusing('poison'));
    await database.append('a', ['elsewhere'], 'another');
    expect(texts(await rounds(session))).toEqual(['elsewhere']);
  });

  it('holds up its key with the next session as well', async () => {
    await using first = await database.session();
    await database.append('a', ['poison']);
    await rounds(first, refusing('poison'));
    await first[Symbol.asyncDispose]();
    await database.append('a', ['a2']);
    expect(await rounds(await database.session())).toEqual([]);
    expect(await database.parked()).toEqual(['poison MESSAGE PARKED', 'a2 FOLLOWS PARKED']);
  });

  it('holds up its key when another relay takes its lane over', async () => {
    const first = await database.session();
    await database.append('a', ['poison']);
    await rounds(first, refusing('poison'));
    const second = await database.session();
    const { rows } = await database.writer.query<{ lane: number }>('select lane from outbox.parked');
    await eventually(async () => {
      const delivered = [...(await rounds(first)), ...(await rounds(second))];
      expect(delivered).toEqual([]);
      await database.append(`other`, ['x']);
      await rounds(first);
      await rounds(second);
      const owners = await database.writer.query<{ lanes: number }>(
        `select count(*)::integer as lanes from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()) group by pid having count(*) > 7`,
      );
      expect(owners.rows).toHaveLength(2);
    });
    await database.append('a', ['a2']);
    await rounds(first);
    await rounds(second);
    expect(rows).toHaveLength(1);
    expect(await database.parked()).toEqual(['poison MESSAGE PARKED', 'a2 FOLLOWS PARKED']);
  });

  it('is parked with the checkpoint or not at all', async () => {
    const session = await database.session();
    await database.writer.query(`create function fail() returns trigger language plpgsql as
      $$ begin if exists (select from outbox.parked) then raise exception 'between the two'; end if; return new; end $$`);
    await database.writer.query(
      'create trigger fail before insert on outbox.checkpoint for each row execute function fail()',
    );
    await database.append('a', ['a1', 'poison', 'a3']);
    await expect(round(session, refusing('poison'))).rejects.toThrow(/between the two/);
    expect(await database.parked()).toEqual([]);
    await session[Symbol.asyncDispose]();

    await database.writer.query('drop trigger fail on outbox.checkpoint');
    expect(texts(await rounds(await database.session(), refusing('poison')))).toEqual(['a1']);
    expect(await database.parked()).toEqual(['poison MESSAGE PARKED', 'a3 FOLLOWS PARKED']);
  });

  it('must be refused with what is behind it', async () => {
    const session = await database.session();
    await database.append('a', ['poison', 'a2']);
    const batch = await session.nextBatch();
    const { refusals } = publish(batch, refusing('poison'));
    await expect(session.acknowledge(batch, refusals.slice(0, 1))).rejects.toMatchObject({ code: 'MISUSE' });
  });
});

describe('a release', () => {
  it('publishes a key in order, from the refused message on, and then frees it', async () => {
    const session = await database.session({ rows: 2 });
    await database.append('a', ['a1', 'poison', 'a3', 'a4', 'a5']);
    await rounds(session, refusing('poison'));
    const numbers = await requestRelease(database.writer, { key: 'a' });
    expect(texts(await eventually(() => someRounds(session)))).toEqual(['poison', 'a3', 'a4', 'a5']);
    await database.append('a', ['a6']);
    expect(texts(await rounds(session))).toEqual(['a6']);
    expect(await database.outcomes(numbers)).toMatchObject([
      { count: 4, outcome: '4 messages published.', finishedAt: expect.any(Date) as unknown },
    ]);
    const { rows } = await database.writer.query(
      `select distinct status, published_at is null as never from outbox.message_status`,
    );
    expect(rows).toEqual([{ status: 'PUBLISHED', never: false }]);
  });

  it('lets new messages of the key follow until nothing is left of it', async () => {
    const session = await database.session({ rows: 2 });
    await database.append('a', ['poison', 'a2', 'a3', 'a4', 'a5']);
    await rounds(session, refusing('poison'));
    await requestRelease(database.writer, { key: 'a' });
    const delivered = [];
    for (let next = 6; next <= 9; next++) {
      await database.append('a', [`a${next}`]);
      delivered.push(...((await eventually(() => aRound(session))) ?? []));
    }
    delivered.push(...(await rounds(session)));
    expect(texts(delivered)).toEqual(['poison', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
  });

  it('takes turns with the log', async () => {
    const session = await database.session({ rows: 2 });
    await database.append('a', ['poison', 'a2', 'a3', 'a4']);
    await rounds(session, refusing('poison'));
    await database.append('b', ['b1', 'b2', 'b3', 'b4']);
    await requestRelease(database.writer, { key: 'a' });
    const sources: string[] = [];
    await eventually(async () => {
      const batch = await session.nextBatch();
      await session.acknowledge(batch);
      if (batch.messages.length > 0) sources.push(batch.kind);
      expect(sources).toHaveLength(4);
    });
    expect(sources.filter((kind) => kind === 'LOG')).toHaveLength(2);
    expect(sources.join()).not.toMatch(/(RELEASE,RELEASE|LOG,LOG)/);
  });

  it('keeps what a second refused message holds up, and says so', async () => {
    const session = await database.session();
    await database.append('a', ['poison', 'a2', 'worse', 'a4']);
    await database.append('b', ['poison', 'b2']);
    await rounds(session, refusing('poison'));
    const numbers = await requestRelease(database.writer, { all: true });
    await eventually(async () => {
      await rounds(session, refusing('worse'));
      expect((await database.outcomes(numbers)).every(({ finishedAt }) => finishedAt)).toBe(true);
    });
    expect(await database.parked()).toEqual([
      'poison MESSAGE PUBLISHED',
      'a2 FOLLOWS PUBLISHED',
      'worse MESSAGE PARKED',
      'a4 FOLLOWS PARKED',
      'poison MESSAGE PUBLISHED',
      'b2 FOLLOWS PUBLISHED',
    ]);
    const said = (await database.outcomes(numbers)).map(({ outcome }) => outcome).join('\n');
    expect(said).toContain(`message ${await database.idOf('worse')} of key "a" was refused again`);
    // Still held up by it, and released behind it.
    await database.append('a', ['a5']);
    await database.append('b', ['b3']);
    expect(texts(await rounds(session))).toEqual(['b3']);
    await requestRelease(database.writer, { key: 'a' });
    expect(texts(await eventually(() => someRounds(session)))).toEqual(['worse', 'a4', 'a5']);
  });

  it('goes again, in order, when its relay ended between publishing and settling it', async () => {
    const first = await database.session({ rows: 2 });
    await database.append('a', ['poison', 'a2', 'a3']);
    await rounds(first, refusing('poison'));
    await requestRelease(database.writer, { key: 'a' });
    const sent = await eventually(async () => {
      const batch = await first.nextBatch();
      expect(batch.kind).toBe('RELEASE');
      return texts(batch.messages);
    });
    expect(sent).toEqual(['poison', 'a2']);
    await first[Symbol.asyncDispose]();
    await database.append('a', ['a4']);
    const second = await database.session({ rows: 2 });
    expect(texts(await eventually(() => someRounds(second)))).toEqual(['poison', 'a2', 'a3', 'a4']);
  });

  it('passes over no message of a transaction that commits late with a low number', async () => {
    const [low, high] = await keysOfOneLane();
    const session = await database.session({ rows: 1 });
    await database.append(low, ['poison']);
    await rounds(session, refusing('poison'));
    const slow = await database.connect();
    await slow.query('begin');
    await database.append(low, ['low 2'], 'topic', slow);
    await database.append(high, ['poison', 'high 2', 'high 3']);
    await rounds(session, refusing('poison'));
    await requestRelease(database.writer, { all: true });
    const delivered = [];
    for (let count = 0; count < 2; count++)
      delivered.push(...((await eventually(() => aRound(session))) ?? []));
    await slow.query('commit');
    await database.append(low, ['low 3']);
    delivered.push(...(await rounds(session)));
    expect(textsByKey(delivered)).toEqual({
      [low]: ['poison', 'low 2', 'low 3'],
      [high]: ['poison', 'high 2', 'high 3'],
    });
  });
});

describe('a discard', () => {
  it('gives the message up; what follows stays until it is released', async () => {
    const session = await database.session();
    await database.append('a', ['poison', 'a2']);
    await rounds(session, refusing('poison'));
    const numbers = await requestDiscard(database.writer, { id: await database.idOf('poison') });
    await eventually(async () => {
      expect(await rounds(session)).toEqual([]);
      expect((await database.outcomes(numbers))[0]?.outcome).toMatch(/^Discarded; 1 of key "a" stays parked/);
    });
    await database.append('a', ['a3']);
    expect(await rounds(session)).toEqual([]);
    expect(await database.parked()).toEqual([
      'poison MESSAGE DISCARDED',
      'a2 FOLLOWS PARKED',
      'a3 FOLLOWS PARKED',
    ]);
    await requestRelease(database.writer, { key: 'a' });
    expect(texts(await eventually(() => someRounds(session)))).toEqual(['a2', 'a3']);
  });

  it('frees a key of which nothing else is parked', async () => {
    const session = await database.session();
    await database.append('a', ['poison']);
    await rounds(session, refusing('poison'));
    const numbers = await requestDiscard(database.writer, { id: await database.idOf('poison') });
    await eventually(async () => {
      await rounds(session);
      expect((await database.outcomes(numbers))[0]?.outcome).toMatch(/^Discarded; nothing/);
    });
    await database.append('a', ['a2']);
    expect(texts(await rounds(session, takingAll))).toEqual(['a2']);
  });
});

/** A round that published something. */
async function aRound(session: Parameters<typeof round>[0]) {
  const taken = await round(session);
  expect(taken?.length).toBeGreaterThan(0);
  return taken;
}

/** Rounds until nothing waits, of which one published something: a request is looked for at a hint, or once a second. */
async function someRounds(session: Parameters<typeof rounds>[0]) {
  const taken = await rounds(session);
  expect(taken.length).toBeGreaterThan(0);
  return taken;
}
