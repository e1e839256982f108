/** How long a connection may take to be made, in milliseconds. */
export const connectTimeoutMs = 10_000;

/**
 * How long a statement may take to be answered, in milliseconds. A server that has gone silent, behind a proxy or a cut
 * network, would otherwise be waited for without end; one that lives gives up earlier, by its own time-outs.
 */
export const answerTimeoutMs = 15_000;
