/**
 * Times in milliseconds that hang together: a post must end before its claim does, so that nobody else posts meanwhile,
 * and a stop waits for the post in flight and its mark, but no longer than what stops us (Kubernetes: 30 s) waits.
 */

/** An unanswered post is given up after this. */
export const postTimeoutMs = 8_000;

/** A claim, renewed just before each post, lasts a post and its mark. It is what a crash makes the message wait. */
export const claimLeaseMs = 15_000;

/** After a stop the post in flight and its mark may take this long. */
export const graceMs = 10_000;

/** The consumer waits a little longer, so that the last message's offset is committed. */
export const drainTimeoutMs = 12_000;
