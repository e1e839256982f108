/**
 * A task that somebody works on. Only the claim with the highest number holds it: the call that made it has 1, and each
 * recoverer that takes it up adds one.
 */
export type ClaimedTask = { taskId: string; claim: number };

/**
 * For how long a claim holds, in milliseconds. A call or a recoverer is at the payment gateway for up to 30 s, and then
 * stores the answer within `storeWithinMs`.
 */
export const leaseMs = 45_000;

/** How long storing an answer may take, in milliseconds. */
export const storeWithinMs = 10_000;

/** How long a recoverer may be at the payment gateway with one task, in milliseconds. */
export const recoverWithinMs = 30_000;
