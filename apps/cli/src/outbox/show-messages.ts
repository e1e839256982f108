import type { MessageList, MessageStatus } from '@payments/outbox';
import { styleText } from 'node:util';
import { table } from '../terminal/table.ts';
import { strangersText } from '../terminal/texts.ts';

const colours = { INIT: 'yellow', PUBLISHED: 'green', PARKED: 'red', DISCARDED: 'gray' } as const;

/** A status in its colour; without one where standard output is no terminal, and with `NO_COLOR`. */
export const statusText = (status: MessageStatus): string => styleText(colours[status], status);

/** Messages as a table, newest first, and whether there may be more that fit. */
export const showMessages = ({ messages, complete }: MessageList): string => {
  const drawn = table(
    messages,
    {
      seq: ({ seq }) => seq,
      created: ({ createdAt }) => createdAt.toISOString(),
      status: ({ status }) => statusText(status),
      topic: ({ topic }) => strangersText(topic, 40),
      key: ({ key }) => strangersText(key, 40),
      type: ({ type }) => strangersText(type, 40),
      id: ({ id }) => id,
    },
    ['seq'],
  );
  const note = complete
    ? ''
    : 'Only the newest part of the log was looked at. An older message is found by its id: npm run outbox -- show <id>';
  return [messages.length === 0 ? 'no message fits' : drawn, note].filter(Boolean).join('\n');
};
