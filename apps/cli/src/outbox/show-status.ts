import type {
  LaneInfo,
  OpenTransaction,
  OutboxStatus,
  ParkedGroup,
  RelayInfo,
  UnfinishedRequest,
} from '@payments/outbox';
import { headline } from './headline.ts';
import { showParkedGroups } from './show-parked.ts';
import { table } from '../terminal/table.ts';
import { bytesText, durationText, numberText, rangesText, strangersText } from '../terminal/texts.ts';

/** A status as text: one sentence, then a table for each part that has something to say. */
export const showStatus = (status: OutboxStatus): string =>
  [
    headline(status),
    lanesTable(status),
    parkedTable(status.parked.groups),
    transactionsTable(status.openTransactions),
    requestsTable(status.unfinishedRequests),
    ringLine(status),
  ]
    .filter(Boolean)
    .join('\n\n');

/** Lanes with one owner share a line; a relay without lanes has one too. */
const lanesTable = ({ lanes, relays }: Pick<OutboxStatus, 'lanes' | 'relays'>): string => {
  const lines = [
    ...relays.map((relay) => ({ relay, lanes: lanes.filter(({ owner }) => owner?.pid === relay.pid) })),
    { relay: null, lanes: lanes.filter(({ owner }) => !owner) },
  ].filter(({ relay, lanes }) => relay || lanes.length > 0);
  return table(lines, {
    lanes: ({ lanes }) => rangesText(lanes.map(({ lane }) => lane)) || '–',
    owner: ({ relay }) => (relay ? relayText(relay) : 'nobody'),
    'last checkpoint': ({ lanes }) => checkpointText(lanes),
  });
};

const relayText = ({ application, pid, address, member }: RelayInfo): string =>
  `${strangersText(application)}, pid ${pid}${address ? ` from ${address}` : ''}${member ? '' : ', takes no part'}`;

/** The newest and the oldest of some lanes' checkpoints: a lane that has nothing to publish hardly ever writes one. */
const checkpointText = (lanes: readonly LaneInfo[]): string => {
  const ages = lanes.flatMap(({ checkpointMs }) => checkpointMs ?? []).map((ms) => Math.max(0, ms));
  if (ages.length === 0) return '';
  const [newest, oldest] = [durationText(Math.min(...ages)), durationText(Math.max(...ages))];
  return newest === oldest ? `${newest} ago` : `${newest} to ${oldest} ago`;
};

const parkedTable = (groups: readonly ParkedGroup[]): string =>
  groups.length === 0 ? '' : `parked, the oldest first\n${showParkedGroups(groups)}`;

const hidden = 'hidden';

const transactionsTable = (transactions: readonly OpenTransaction[]): string => {
  if (transactions.length === 0) return '';
  const drawn = table(
    transactions,
    {
      'open transaction': ({ pid, prepared }) =>
        pid === null ? `prepared ${strangersText(prepared ?? '', 60)}` : `pid ${pid}`,
      role: ({ user, application }) => strangersText([user, application].filter(Boolean).join(', '), 40),
      age: ({ ageMs }) => (ageMs === null ? hidden : durationText(ageMs)),
      state: ({ state }) => state ?? hidden,
      'holds back': ({ appended }) => (appended ? 'its messages, old slots' : 'old slots'),
      'last statement': ({ query, prepared }) =>
        prepared === null ? strangersText(query ?? hidden, 60) : '',
    },
    ['age'],
  );
  const someHidden = transactions.some(({ pid, state }) => pid !== null && state === null);
  const remedy = 'Hidden is what belongs to other roles: grant this one pg_read_all_stats to see it.';
  return someHidden ? `${drawn}\n${remedy}` : drawn;
};

const requestsTable = (requests: readonly UnfinishedRequest[]): string =>
  requests.length === 0
    ? ''
    : table(
        requests,
        {
          request: ({ number }) => String(number),
          lane: ({ lane }) => String(lane),
          asks: ({ kind, topic, key }) =>
            strangersText([kind, topic, key].filter((part) => part !== null).join(' '), 80),
          by: ({ requestedBy }) => strangersText(requestedBy, 30),
          age: ({ ageMs }) => durationText(ageMs),
          done: ({ count }) => numberText(count),
        },
        ['request', 'lane', 'age', 'done'],
      );

const ringLine = ({ ring }: Pick<OutboxStatus, 'ring'>): string => {
  const bytes = ring.reduce((sum, slot) => sum + slot.bytes, 0);
  const largest = ring.reduce((most, slot) => (slot.bytes > most.bytes ? slot : most));
  const current = ring.find((slot) => slot.current);
  return `The log takes ${bytesText(bytes)}. It is written to slot ${current?.slot ?? '?'} of ${ring.length}; the largest is slot ${largest.slot}, ${bytesText(largest.bytes)}.`;
};
