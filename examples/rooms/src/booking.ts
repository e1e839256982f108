import type { NewMessage } from '@payments/outbox/writer';

/** A room has one guest a day, written `2026-05-01`. */
export type Booking = { room: string; day: string; guest: string };

/** Books rooms. Both ways of this example do the same, so either can take the other's place. */
export interface BookingDesk extends AsyncDisposable {
  /** TAKEN: somebody has the room on that day already, and nothing was written. */
  book: (booking: Booking) => Promise<'BOOKED' | 'TAKEN'>;
}

/** One outbox serves any number of topics: each message names its own. */
export const topics = { rooms: 'room-event', guests: 'guest-event' };

/**
 * What others are told of a booking. Messages of one key reach Kafka in the order of their commits: here the bookings
 * of each room, and those of each guest. The body is bytes; the outbox does not look into it.
 */
export function messagesOf(booking: Booking): Required<Omit<NewMessage, 'id'>>[] {
  const payload = Buffer.from(JSON.stringify(booking));
  const headers = { 'content-type': 'application/json', ce_source: '/examples/rooms' };
  return [
    { topic: topics.rooms, key: booking.room, type: 'rooms.v1.RoomBooked', payload, headers },
    { topic: topics.guests, key: booking.guest, type: 'rooms.v1.GuestExpected', payload, headers },
  ];
}
