/** `npm run book -w examples/rooms`: books a room, by MikroORM or by plain SQL. `--help` says how. */
import { outboxError } from '@payments/outbox';
import { ConfigError } from '@payments/runtime';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { openMikroOrmDesk } from './book-with-mikro-orm.ts';
import { openPgDesk } from './book-with-pg.ts';
import { topics, type Booking } from './booking.ts';
import { readRoomsConfig } from './config.ts';
import { createTables } from './create-tables.ts';

const desks = { 'mikro-orm': openMikroOrmDesk, pg: openPgDesk };
type Way = keyof typeof desks;

await new Command('npm run book -w examples/rooms --')
  .description('Books a meeting room for a day, and appends one message for the room and one for the guest.')
  .addArgument(new Argument('<way>', 'how to write the booking').choices(Object.keys(desks)))
  .argument('<room>', 'such as blue')
  .argument('<day>', 'such as 2026-05-01', readDay)
  .argument('<guest>', 'such as ada')
  .addHelpText('after', '\nPostgreSQL is at DATABASE_URL, else where `npm run servers` has it.')
  .showHelpAfterError('(--help explains)')
  .action(async (way: Way, room: string, day: string, guest: string) => {
    await book(way, { room, day, guest }).catch((thrown: unknown) => {
      console.error(explain(thrown));
      process.exitCode = 1;
    });
  })
  .parseAsync();

/** PostgreSQL would also take "tomorrow", which is no day to those who read the message later. */
function readDay(text: string): string {
  if (z.iso.date().safeParse(text).success) return text;
  throw new InvalidArgumentError('Write it like 2026-05-01.');
}

async function book(way: Way, booking: Booking): Promise<void> {
  const { databaseUrl } = readRoomsConfig(process.env);
  await createTables(databaseUrl);
  await using desk = await desks[way](databaseUrl);
  if ((await desk.book(booking)) === 'BOOKED') {
    console.log(`booked, with a message to ${Object.values(topics).join(' and one to ')}`);
  } else {
    console.log(`${booking.room} is taken on ${booking.day}: nothing was written`);
    process.exitCode = 1;
  }
}

function explain(thrown: unknown): string {
  if (thrown instanceof ConfigError) return thrown.message;
  const { code, message } = outboxError(thrown);
  const remedy = 'Start one with `npm run servers`, or name one in DATABASE_URL.';
  return code === 'DATABASE_UNAVAILABLE' ? `${message}. ${remedy}` : message;
}
