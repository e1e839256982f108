import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startService, testServers } from '@payments/testing';
import { topics, type Booking, type BookingDesk } from './booking.ts';
import { readFirsts, roomsDatabase } from './rooms.fixture.ts';

let database: Awaited<ReturnType<typeof roomsDatabase>>;
beforeEach(async () => {
  database = await roomsDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const booking: Booking = { room: 'blue', day: '2026-05-01', guest: 'ada' };

describe.each(['mikro-orm', 'pg'] as const)('a booking by %s', (way) => {
  it('is committed together with a message to each of two topics', async () => {
    const desk = await database.desk(way);
    expect(await desk.book(booking)).toBe('BOOKED');
    expect(await database.bookings()).toEqual(['blue 2026-05-01 ada']);
    expect((await database.messages()).sort()).toEqual([
      'guest-event ada rooms.v1.GuestExpected',
      'room-event blue rooms.v1.RoomBooked',
    ]);
  });

  it('of a room that is taken leaves neither row nor message, and the desk goes on', async () => {
    const desk = await database.desk(way);
    await desk.book(booking);
    expect(await desk.book({ ...booking, guest: 'bob' })).toBe('TAKEN');
    expect(await database.openTransactions()).toBe(0);
    expect(await desk.book({ ...booking, day: '2026-05-02' })).toBe('BOOKED');
    expect(await database.bookings()).toEqual(['blue 2026-05-01 ada', 'blue 2026-05-02 ada']);
    expect(await database.messages()).toHaveLength(4);
  });

  it('whose commit fails leaves neither row nor message, though both were written', async () => {
    const desk = await database.desk(way);
    // Deferred: it runs in the commit, and tells what the transaction held until then.
    await database.onlooker.query(`
      create function rooms.refuse() returns trigger language plpgsql as $$ begin
        raise exception 'refused with % booking and % messages',
          (select count(*) from rooms.booking), (select count(*) from outbox.message);
      end $$;
      create constraint trigger refuse after insert on rooms.booking
        deferrable initially deferred for each row execute function rooms.refuse()`);
    await expect(desk.book(booking)).rejects.toThrow('refused with 1 booking and 2 messages');
    expect(await database.bookings()).toEqual([]);
    expect(await database.messages()).toEqual([]);
  });

  it('hints to the relay that it is committed', async () => {
    const desk = await database.desk(way);
    const hinted = new Promise((resolve) => database.onlooker.once('notification', resolve));
    await database.onlooker.query('listen outbox');
    await desk.book(booking);
    expect(await hinted).toMatchObject({ channel: 'outbox' });
  });
});

it('a booking by pg that a deadlock ends is done again, once as far as anybody sees', async () => {
  const desk = await database.desk('pg');
  // A sequence counts the tries: it is not rolled back with them.
  await database.onlooker.query(`
    create sequence rooms.try;
    create function rooms.deadlock_once() returns trigger language plpgsql as $$ begin
      if nextval('rooms.try') = 1 then raise exception 'deadlock' using errcode = 'deadlock_detected'; end if;
      return new;
    end $$;
    create trigger deadlock_once before insert on outbox.message
      for each row when (new.topic = 'guest-event') execute function rooms.deadlock_once()`);
  expect(await desk.book(booking)).toBe('BOOKED');
  const { rows } = await database.onlooker.query('select last_value::integer as tries from rooms.try');
  expect(rows).toEqual([{ tries: 2 }]);
  expect(await database.bookings()).toHaveLength(1);
  expect(await database.messages()).toHaveLength(2);
});

it('the messages of both ways and both topics arrive in Kafka, those of each key in the order of their commits', async () => {
  await using relay = await startService({
    app: 'relay',
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: testServers().kafkaBrokers.join(),
      // Many small batches: the order has to hold across them.
      RELAY_BATCH_SIZE: '7',
    },
  });
  await relay.ready();
  const desks = [await database.desk('mikro-orm'), await database.desk('pg')];
  // The topics are those of every run: the keys are this one's.
  const run = randomUUID();
  const guests = Array.from({ length: 4 }, (_, number) => `guest-${number}-${run}`);
  const booked = await Promise.all(guests.map((guest) => bookInTurns(desks, guest)));

  await database.published();
  const expected = new Map(booked.flatMap((one) => [...one]));
  const messages = await readFirsts(new Set(expected.keys()), guests.length * 2 * days.length);
  const arrived = new Map<string, string[]>();
  for (const { topic, key, value } of messages) {
    expect(topic).toBe(key.startsWith('room') ? topics.rooms : topics.guests);
    const { day } = JSON.parse(value.toString()) as Booking;
    arrived.set(key, [...(arrived.get(key) ?? []), day]);
  }
  expect(arrived).toEqual(expected);
  expect(messages[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    ce_source: '/examples/rooms',
  });
});

const days = Array.from({ length: 20 }, (_, day) => `2026-05-${String(day + 1).padStart(2, '0')}`);

/** A guest who books one room day by day, by one way and the other in turns. @returns the days of each key, in order */
async function bookInTurns(desks: BookingDesk[], guest: string): Promise<Map<string, string[]>> {
  const room = `room-of-${guest}`;
  for (const [turn, day] of days.entries()) {
    expect(await desks[turn % desks.length]?.book({ room, day, guest })).toBe('BOOKED');
  }
  return new Map([room, guest].map((key) => [key, days]));
}
