import { describe, expect, it } from '@jest/globals';
import type { LaneInfo, OutboxStatus, RelayInfo } from '@payments/outbox';
import { headline, needsAHand } from './headline.ts';

const relay: RelayInfo = { pid: 1, application: 'outbox relay', address: null, lanes: [], member: true };
const lane = (lane: number, over: Partial<LaneInfo> = {}): LaneInfo => ({
  ...{ lane, owner: relay, checkpointMs: 5, ofThisCluster: true },
  ...over,
});
const lanes = Array.from({ length: 16 }, (_, number) => lane(number));
const unowned = (...free: number[]) =>
  lanes.map((one) => (free.includes(one.lane) ? { ...one, owner: null } : one));
const status = (over: Partial<OutboxStatus> = {}): OutboxStatus => ({
  lag: { waiting: 0, estimated: false, oldestMs: null, lanes: [] },
  lanes,
  relays: [relay],
  openTransactions: [],
  parked: { groups: [], keys: 0, topics: 0, messages: 0, more: false },
  unfinishedRequests: [],
  ring: [],
  ...over,
});

const cases: [string, Partial<OutboxStatus>, boolean][] = [
  ['all published', {}, false],
  [
    '1 message waits, the oldest for 250 ms',
    { lag: { waiting: 1, estimated: false, oldestMs: 250, lanes: [1] } },
    false,
  ],
  [
    '12 messages wait, the oldest for 3.2 s',
    { lag: { waiting: 12, estimated: false, oldestMs: 3200, lanes: [1] } },
    false,
  ],
  [
    'about 1,234,567 messages wait, the oldest for 5 min',
    { lag: { waiting: 1_234_567, estimated: true, oldestMs: 300_000, lanes: [1] } },
    false,
  ],
  ['all published; nobody owns lanes 3, 7-8', { lanes: unowned(3, 7, 8) }, true],
  ['all published; nobody owns lane 3: no relay runs', { lanes: unowned(3), relays: [] }, true],
  [
    'all published; nobody owns any lane: no relay takes part',
    { lanes: unowned(...lanes.map((one) => one.lane)), relays: [{ ...relay, member: false }] },
    true,
  ],
  [
    'all published; 1 key is parked, with 1 message',
    { parked: { groups: [], keys: 1, topics: 0, messages: 1, more: false } },
    true,
  ],
  [
    'all published; 1 topic and 2 keys are parked, with more than 100,000 messages',
    { parked: { groups: [], keys: 2, topics: 1, messages: 100_000, more: true } },
    true,
  ],
  [
    'all published; lane 2 has no checkpoint: its rows were removed from outside',
    { lanes: lanes.map((one) => (one.lane === 2 ? { ...one, checkpointMs: null } : one)) },
    true,
  ],
];

describe('the headline of a status', () => {
  it.each(cases)('is "%s"', (text, over, hand) => {
    expect(headline(status(over))).toBe(text);
    expect(needsAHand(status(over))).toBe(hand);
  });

  it('names adopt first where the log was copied from another cluster', () => {
    const copied = status({ lanes: lanes.map((one) => ({ ...one, ofThisCluster: false })) });
    expect(headline(copied)).toMatch(/^this log was copied from another database cluster.*outbox -- adopt/);
    expect(needsAHand(copied)).toBe(true);
  });
});
