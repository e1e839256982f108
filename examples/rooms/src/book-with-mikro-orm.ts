import { defineEntity, MikroORM, p, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { appendMessage, openWaker, OutboxMessage, outboxSubscriber } from '@payments/outbox/writer';
import { messagesOf, type BookingDesk } from './booking.ts';

const BookingRow = defineEntity({
  name: 'Booking',
  schema: 'rooms',
  tableName: 'booking',
  properties: { room: p.text().primary(), day: p.date().primary(), guest: p.text() },
});

/** Books through MikroORM: the booking and its messages are one unit of work. */
export async function openMikroOrmDesk(databaseUrl: string): Promise<BookingDesk> {
  const waker = await openWaker({ databaseUrl });
  const orm = new MikroORM({
    clientUrl: databaseUrl,
    // Both are the outbox's: the entity that carries a message, and who writes it when the transaction commits.
    entities: [BookingRow, OutboxMessage],
    subscribers: [outboxSubscriber],
    ensureDatabase: false,
  });
  return {
    async book(booking) {
      // A fork for each unit of work: after a flush that failed it is thrown away.
      const em = orm.em.fork();
      em.persist(em.create(BookingRow, booking));
      for (const message of messagesOf(booking)) appendMessage(em, message);
      try {
        await em.flush();
      } catch (thrown) {
        if (thrown instanceof UniqueConstraintViolationException) return 'TAKEN';
        throw thrown;
      }
      // After the commit, so that the relay need not wait for its next poll.
      waker.wake();
      return 'BOOKED';
    },
    async [Symbol.asyncDispose]() {
      await orm.close();
      await waker[Symbol.asyncDispose]();
    },
  };
}
