import { OutboxError } from '../errors.ts';
import type { RelayMessage } from '../relay/read-messages.ts';

/**
 * Why a message is parked:
 * - `MESSAGE`: it can never be published as it is; it holds up its (topic, key)
 * - `FOLLOWS`: it is behind one of its (topic, key) that is parked
 * - `TOPIC`: nothing of its topic can be published for now; it is tried again by itself
 */
export type RefusalCause = 'MESSAGE' | 'FOLLOWS' | 'TOPIC';

/** A message that is parked instead of published. `code` and `error` are those of the message ahead where it follows. */
export interface Refusal {
  readonly message: RelayMessage;
  readonly cause: RefusalCause;
  readonly code: string;
  readonly error: string;
}

/** What is ordered: the messages of a key in a topic. The text of PostgreSQL has no NUL in it. */
export const orderOf = ({ topic, key }: { topic: string; key: string }): string => `${topic}\0${key}`;

/** Characters of an error that are kept: what a broker says is not ours to bound otherwise. */
const longestError = 1000;

/**
 * Refusals as they are stored: in order of seq, and of one mind for each key, whose first refusal says why. A key behind a
 * topic waits for the topic as a whole; behind a message it follows. So all that is parked of a key has one way out.
 */
export function settledRefusals(refusals: readonly Refusal[]): Refusal[] {
  const heads = new Map<string, Refusal>();
  return refusals
    .toSorted((one, other) => (one.message.seq < other.message.seq ? -1 : 1))
    .map((refusal) => {
      const order = orderOf(refusal.message);
      const head = heads.get(order) ?? refusal;
      heads.set(order, head);
      if (head === refusal) return { ...refusal, error: refusal.error.slice(0, longestError) };
      const { code, error } = head;
      return { ...refusal, cause: head.cause === 'TOPIC' ? 'TOPIC' : 'FOLLOWS', code, error };
    });
}

/**
 * Sees that nobody overtakes: what is behind a refused message of its (topic, key) in a batch is refused too.
 * @throws {OutboxError} MISUSE
 */
export function requireFollowers(messages: readonly RelayMessage[], refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  const refused = new Set(refusals.map(({ message }) => message));
  const parked = new Set<string>();
  for (const message of messages) {
    if (refused.has(message)) parked.add(orderOf(message));
    else if (parked.has(orderOf(message))) {
      throw new OutboxError(
        'MISUSE',
        `Message ${message.id} was published past one of its key that was refused: refuse it too, with cause FOLLOWS.`,
      );
    }
  }
}
