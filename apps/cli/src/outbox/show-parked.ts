import type { Parked, ParkedGroup } from '@payments/outbox';
import { table } from '../terminal/table.ts';
import { countText, durationText, numberText, strangersText } from '../terminal/texts.ts';

/** The first one's error, unless it only followed another one, which is gone: then nothing is known against it. */
const reasonText = ({ cause, code, error }: ParkedGroup): string =>
  cause === 'FOLLOWS'
    ? 'nothing is ahead of it any more: release it'
    : strangersText(error ? `${code}: ${error}` : code, 80);

/** Parked topics and keys as a table. The id is that of the first message, which a discard would name. */
export const showParkedGroups = (groups: readonly ParkedGroup[]): string =>
  table(
    groups,
    {
      topic: ({ topic }) => strangersText(topic, 40),
      key: ({ key }) => (key === null ? '(all)' : strangersText(key, 40)),
      messages: ({ messages }) => numberText(messages),
      for: ({ sinceMs }) => durationText(sinceMs),
      'first message': ({ firstId }) => firstId,
      reason: reasonText,
    },
    ['messages', 'for'],
  );

/** All that is parked: a sentence, and a table. */
export const showParked = ({ groups, keys, topics, messages, more }: Parked): string => {
  if (messages === 0) return 'nothing is parked';
  const total = `${more ? 'more than ' : ''}${countText(messages, 'message')} of ${countText(topics, 'topic')} and ${countText(keys, 'key')}`;
  const left = keys + topics - groups.length;
  const rest = left > 0 ? `\n… and ${numberText(left)} more: --limit shows them` : '';
  return `${total}\n\n${showParkedGroups(groups)}${rest}`;
};
