import { describe, expect, it } from '@jest/globals';
import type { RelayMessage } from '../relay/read-messages.ts';
import { requireFollowers, settledRefusals, type Refusal } from './refusal.ts';

const message = (seq: number, key = 'a', topic = 't'): RelayMessage => ({
  ...{ lane: 0, seq: BigInt(seq), id: `id-${seq}`, topic, key, type: 'T' },
  ...{ payload: Buffer.from(''), headers: {}, createdAt: new Date(0) },
});
const refusal = (cause: Refusal['cause'], seq: number, key = 'a'): Refusal => ({
  message: message(seq, key),
  cause,
  code: `${cause}_${seq}`,
  error: `no ${seq}`,
});
const short = ({ message: { seq }, cause, code }: Refusal) => `${seq} ${cause} ${code}`;

describe('refusals of a batch', () => {
  it('come in order, and the first of a key tells why the rest of it waits', () => {
    const refusals = [
      refusal('FOLLOWS', 3),
      refusal('MESSAGE', 1),
      refusal('MESSAGE', 2),
      refusal('TOPIC', 4, 'b'),
    ];
    expect(settledRefusals(refusals).map(short)).toEqual([
      '1 MESSAGE MESSAGE_1',
      '2 FOLLOWS MESSAGE_1',
      '3 FOLLOWS MESSAGE_1',
      '4 TOPIC TOPIC_4',
    ]);
  });

  it('of a key behind a topic all wait for the topic, so that one thing releases them', () => {
    expect(
      settledRefusals([refusal('TOPIC', 1), refusal('MESSAGE', 2), refusal('FOLLOWS', 3)]).map(short),
    ).toEqual(['1 TOPIC TOPIC_1', '2 TOPIC TOPIC_1', '3 TOPIC TOPIC_1']);
  });

  it('keep no more than 1,000 characters of an error', () => {
    const [one] = settledRefusals([{ ...refusal('MESSAGE', 1), error: 'x'.repeat(5000) }]);
    expect(one?.error).toHaveLength(1000);
  });
});

describe('a batch with refusals', () => {
  const first = message(1);
  const behind = message(2);
  const refused = (one: RelayMessage): Refusal => ({ message: one, cause: 'MESSAGE', code: 'C', error: 'e' });

  it('is refused when something was published past a refused message of its key', () => {
    expect(() => requireFollowers([first, behind], [refused(first)])).toThrow(/id-2 was published past one/);
  });

  it('may hold what was published before it, of another key, or of another topic', () => {
    const others = [message(3, 'b'), message(4, 'a', 'u')];
    expect(() => requireFollowers([first, behind, ...others], [refused(behind)])).not.toThrow();
  });
});
