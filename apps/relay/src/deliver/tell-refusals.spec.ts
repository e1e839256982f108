import { describe, expect, it } from '@jest/globals';
import type { Refusal } from '@payments/outbox';

import { refusalLines } from './tell-refusals.ts';

const refusal = (cause: Refusal['cause'], id: string, topic = 't'): Refusal => ({
  message: {
    lane: 0,
    seq: 1n,
    id,
    topic,
    key: 'r "1"',
    type: 'T',
    payload: Buffer.from(''),
    headers: {},
    createdAt: new Date(0),
  },
  cause,
  code: 'CODE',
  error: 'why',
});
const all = [
  refusal('MESSAGE', '1'),
  refusal('FOLLOWS', '2'),
  refusal('TOPIC', '3', 'u'),
  refusal('TOPIC', '4', 'u'),
];

describe('the log lines about refused messages', () => {
  it('name the message that holds up its key, with the remedy, and each topic once', () => {
    expect(refusalLines('LOG', all)).toEqual([
      {
        says: 'message parked, and what follows it of its key',
        fields: {
          ...{ id: '1', topic: 't', key: 'r "1"', code: 'CODE', reason: 'why' },
          remedy:
            'mend what the reason says, then `npm run outbox -- release \'r "1"\'`; or give it up: `npm run outbox -- discard 1`',
        },
      },
      {
        says: 'topic parked: nothing can be published to it',
        fields: {
          ...{ topic: 'u', code: 'CODE', reason: 'why', messages: 2 },
          remedy: 'mend the topic: its messages are released by themselves when it takes them',
        },
      },
    ]);
  });

  it('are silent about a parked topic that is tried again', () => {
    expect(refusalLines('RELEASE', all).map(({ says }) => says)).toEqual([
      'message refused again: it stays parked, and what follows it of its key',
    ]);
  });
});
