import { parseMoney } from '@payments/contracts';
import type { Money } from '@payments/contracts';
import { UsageError } from '../usage-error.ts';

/** A reservation as it is sent. Whether it makes sense is for the service to judge. */
export type ReservationToPay = { reservationId: string; amount: Money };

/**
 * Reads `r-1=15000KRW`. The last `=` parts id and amount, since an id may hold one.
 * @throws UsageError that names the argument and what to write instead
 */
export const readReservation = (argument: string): ReservationToPay => {
  const at = argument.lastIndexOf('=');
  if (at === -1)
    throw new UsageError(
      `"${argument}" is not a reservation: write id=amount, such as r-1=15000KRW; or a command: refund, get, list, history`,
    );
  const amount = parseMoney(argument.slice(at + 1));
  if ('problem' in amount) throw new UsageError(`the amount of "${argument}": ${amount.description}`);
  return { reservationId: argument.slice(0, at), amount };
};
