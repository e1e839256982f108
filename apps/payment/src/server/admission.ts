import { PaymentError } from '../call/payment-error.ts';

/** Who may begin: a bound on the calls in progress, so that more of them wait at their callers and not in here. */
export type Admission = {
  /** Why nothing can begin now; undefined: it can. */
  refusal: () => PaymentError | undefined;
  /** Takes a place. @throws PaymentError OVERLOADED when there is none, STOPPING once `stop` was called */
  enter: () => void;
  /** Gives the place back: when the work is done, not when its caller has gone, or cancelled calls would pile up. */
  leave: () => void;
  /** How many places are taken. */
  inProgress: () => number;
  /** From now on nothing begins. */
  stop: () => void;
};

/** @param places the most calls in progress */
export const openAdmission = (places: number): Admission => {
  let taken = 0;
  let stopping = false;
  const refusal = () => {
    if (stopping) return new PaymentError('STOPPING', 'this instance is stopping; another one will answer');
    if (taken < places) return undefined;
    return new PaymentError('OVERLOADED', 'too many calls are in progress; nothing was done');
  };
  return {
    refusal,
    enter: () => {
      const refused = refusal();
      if (refused) throw refused;
      taken += 1;
    },
    leave: () => {
      taken -= 1;
    },
    inProgress: () => taken,
    stop: () => {
      stopping = true;
    },
  };
};
