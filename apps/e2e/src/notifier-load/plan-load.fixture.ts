import { aPaymentEvent, type Outcome, type SentEvent } from '../payment-events.fixture.ts';

/** What may happen to a reservation, one thing after the other. */
const lives: readonly (readonly Outcome[])[] = [
  ['COMPLETED'],
  ['FAILED'],
  ['COMPLETED', 'REFUNDED'],
  ['FAILED', 'COMPLETED'],
  ['FAILED', 'FAILED', 'COMPLETED', 'REFUNDED'],
];

/** So many reservations are under way at a time: what comes next of one of them comes that much later. */
const sideBySide = 50;

/** So many events, in the order in which they are sent. */
export function planLoad(count: number): SentEvent[] {
  const events: SentEvent[] = [];
  for (let reservations = 0; events.length < count; reservations += sideBySide)
    events.push(...livesFrom(reservations));
  return events.slice(0, count);
}

/** The first events of some reservations, then their second ones, and so on. */
function livesFrom(reservations: number): SentEvent[] {
  const begun = Array.from({ length: sideBySide }, (_, at) => ({
    reservationId: `r-${reservations + at}`,
    life: lives[at % lives.length] as readonly Outcome[],
  }));
  const steps = Math.max(...lives.map(({ length }) => length));
  return Array.from({ length: steps }, (_, step) =>
    begun.flatMap(({ reservationId, life }) => {
      const outcome = life[step];
      return outcome ? [aPaymentEvent(reservationId, outcome)] : [];
    }),
  ).flat();
}
