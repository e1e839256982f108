/**
 * Times in milliseconds that hang together: a post must end before its claim does, so that nobody else posts meanwhile,
 * and a stop waits for the post in flight and its mark, but no longer than what stops us (Kubernetes: 30 s) waits.
 */

/** An unanswered post is given up after this. */
export const postTimeoutMs = 8_000;

/** A renewal that takes longer is given up, and nothing is posted under it. */
export const renewTimeoutMs = 4_000;

/**
 * A claim, renewed just before each post, lasts that renewal, a post and 3 s for its mark. It is what a crash makes the
 * message wait.
 */
export const claimLeaseMs = renewTimeoutMs + postTimeoutMs + 3_000;

/** After a stop the post in flight and its mark may take this long. */
export const graceMs = 10_000;

/** The consumer waits a little longer, so that the last message's offset is committed. */
export const drainTimeoutMs = 12_000;
