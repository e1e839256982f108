/** Waits until `work` has ended, well or badly, but not longer than `timeoutMs`. */
export async function settledWithin(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([work.catch(() => undefined), expired]);
  clearTimeout(timer);
}
