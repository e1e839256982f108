/** Works on all at once; a failure is thrown when all have ended, so that nothing is left under way. */
export async function sideBySide<T, R>(
  ones: readonly T[],
  work: (one: T, at: number) => Promise<R>,
): Promise<R[]> {
  const ended = await Promise.allSettled(ones.map(work));
  return ended.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
