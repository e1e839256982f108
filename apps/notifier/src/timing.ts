/**
 * Times in milliseconds that hang together: a post must end before its claims do, so that nobody else posts meanwhile,
 * and a stop waits for the post in flight and its mark, but no longer than what stops us (Kubernetes: 30 s) waits.
 */

/** An unanswered post is given up after this. */
export const postTimeoutMs = 8_000;

/** Noting that a post begins, which renews its claims, is given up after this, and nothing is posted under it. */
export const beginTimeoutMs = 4_000;

/** A claim, renewed just before each post, lasts that renewal, a post and 3 s for its mark. It is what a crash makes it wait. */
export const claimLeaseMs = beginTimeoutMs + postTimeoutMs + 3_000;

/** After a stop the post in flight and its mark may take this long. */
export const graceMs = 10_000;

/** The consumer waits a little longer, so that the last message's offset is committed. */
export const drainTimeoutMs = 12_000;
