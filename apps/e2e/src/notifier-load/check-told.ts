/** An event that was sent, as far as it matters here. */
export type Sent = { id: string; reservationId: string };

/**
 * Holds what was told, post by post, against what was sent: what is missing, what is there twice, and where a reservation's
 * events are told in another order than the one in which they were sent. Two of them in one post are in no wrong order.
 */
export function checkTold(sent: readonly Sent[], posts: readonly (readonly Sent[])[]): string[] {
  const postOf = new Map<string, number[]>();
  posts.forEach((post, at) => post.forEach(({ id }) => postOf.set(id, [...(postOf.get(id) ?? []), at])));
  const counted = sent.flatMap(({ id }) => {
    const times = postOf.get(id)?.length ?? 0;
    if (times === 1) return [];
    return [
      times === 0 ? `missing: ${id}` : `told ${times} times: ${id}, in the posts ${postOf.get(id)?.join()}`,
    ];
  });
  const reversed = sent.flatMap(({ id, reservationId }, at) => {
    const before = sent.slice(0, at).findLast((other) => other.reservationId === reservationId);
    const [first = 0, second = 0] = [postOf.get(before?.id ?? '')?.[0], postOf.get(id)?.[0]];
    return before && first > second ? [`reversed: ${before.id} and ${id} of ${reservationId}`] : [];
  });
  return [...counted, ...reversed];
}
