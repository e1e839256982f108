/** How the outbox commands end. */
export const exitCodes = {
  /** With `--no-wait` also what is only asked for. */
  done: 0,
  /** What was typed is wrong, nobody said yes, the database is not there, or it refused. */
  refused: 1,
  /** `status` found something that relays do not mend by themselves. */
  needsAHand: 2,
  /** A request stands, and is not carried out yet. */
  notCarriedOut: 2,
} as const;
