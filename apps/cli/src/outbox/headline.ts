import type { OutboxStatus } from '@payments/outbox';
import { countText, durationText, numberText, rangesText } from '../terminal/texts.ts';

/** What needs a hand: relays do not mend it by themselves. */
export const needsAHand = ({ lanes, parked }: Pick<OutboxStatus, 'lanes' | 'parked'>): boolean =>
  parked.messages > 0 ||
  lanes.some(({ owner, checkpointMs, ofThisCluster }) => !owner || checkpointMs === null || !ofThisCluster);

/** How an outbox is doing, in one sentence. */
export const headline = (status: Pick<OutboxStatus, 'lag' | 'lanes' | 'relays' | 'parked'>): string =>
  [copied(status), waiting(status), unowned(status), withoutCheckpoint(status), parkedText(status)]
    .filter(Boolean)
    .join('; ');

const copied = ({ lanes }: Pick<OutboxStatus, 'lanes'>): string =>
  lanes.every(({ ofThisCluster }) => ofThisCluster)
    ? ''
    : 'this log was copied from another database cluster, and no relay takes it before `npm run outbox -- adopt`';

const waiting = ({ lag }: Pick<OutboxStatus, 'lag'>): string => {
  if (lag.waiting === 0) return lag.estimated ? 'more is in the log than was looked at' : 'all published';
  const since = lag.oldestMs === null ? '' : `, the oldest for ${durationText(lag.oldestMs)}`;
  const verb = lag.waiting === 1 ? 'waits' : 'wait';
  return `${lag.estimated ? 'about ' : ''}${countText(lag.waiting, 'message')} ${verb}${since}`;
};

const unowned = ({ lanes, relays }: Pick<OutboxStatus, 'lanes' | 'relays'>): string => {
  const free = lanes.filter(({ owner }) => !owner).map(({ lane }) => lane);
  if (free.length === 0) return '';
  const whose = free.length === lanes.length ? 'nobody owns any lane' : `nobody owns ${laneText(free)}`;
  if (relays.length === 0) return `${whose}: no relay runs`;
  return relays.some(({ member }) => member) ? whose : `${whose}: no relay takes part`;
};

const laneText = (lanes: readonly number[]) =>
  `${lanes.length === 1 ? 'lane' : 'lanes'} ${rangesText(lanes)}`;

const withoutCheckpoint = ({ lanes }: Pick<OutboxStatus, 'lanes'>): string => {
  const without = lanes.filter(({ checkpointMs }) => checkpointMs === null).map(({ lane }) => lane);
  if (without.length === 0) return '';
  const verb = without.length === 1 ? 'has' : 'have';
  return `${laneText(without)} ${verb} no checkpoint: its rows were removed from outside`;
};

const parkedText = ({ parked }: Pick<OutboxStatus, 'parked'>): string => {
  const { keys, topics, messages, more } = parked;
  if (messages === 0) return '';
  const what = [topics > 0 && countText(topics, 'topic'), keys > 0 && countText(keys, 'key')].filter(Boolean);
  const verb = keys + topics === 1 ? 'is' : 'are';
  return `${what.join(' and ')} ${verb} parked, with ${more ? 'more than ' : ''}${numberText(messages)} ${messages === 1 ? 'message' : 'messages'}`;
};
