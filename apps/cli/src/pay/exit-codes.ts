/** How the `pay` commands end. */
export const exitCodes = {
  /** All payments are COMPLETED, the payment is REFUNDED, or what was asked for is shown. */
  done: 0,
  /** Refused, wrongly typed, not reached, or the outcome is not known. */
  refused: 1,
  /** The order was carried out, and some of its payments are not COMPLETED. */
  someNotCompleted: 2,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
