import type { FoundMessage } from '@payments/outbox';
import { statusText } from './show-messages.ts';
import { bytesText, strangersText } from '../terminal/texts.ts';

/** How much of a payload is shown, in bytes. */
const previewBytes = 1024;

/** A message with all that is known of it. Its payload may be a secret: only its size is told unless it is asked for. */
export const showMessage = (message: FoundMessage, options: { payload: boolean }): string => {
  const { id, topic, key, type, status, createdAt, publishedAt, lane, seq, headers, payload, parked } =
    message;
  const lines: [string, string][] = [
    ['message', id],
    ['status', statusText(status)],
    ['topic', strangersText(topic)],
    ['key', strangersText(key)],
    ['type', strangersText(type)],
    ['created', createdAt.toISOString()],
    ['published', publishedAt?.toISOString() ?? (status === 'PUBLISHED' ? 'too long ago to be known' : '–')],
    ['in the log', `lane ${lane}, seq ${seq}`],
    ...parkedLines(parked),
    ...Object.entries(headers).map(([name, value]): [string, string] => [
      'header',
      `${strangersText(name)}: ${strangersText(value)}`,
    ]),
    ['payload', `${bytesText(payload.length)}${options.payload ? '' : ' (--payload shows it)'}`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(12)}${value}`).join('\n');
  return options.payload && payload.length > 0 ? `${text}\n${payloadText(payload)}` : text;
};

const causes = {
  MESSAGE: 'Kafka refused it',
  FOLLOWS: 'it follows one of its key that is parked',
  TOPIC: 'nothing of its topic can be published for now',
} as const;

const parkedLines = (parked: FoundMessage['parked']): [string, string][] => {
  if (!parked) return [];
  const { cause, code, error, parkedAt, settledAt } = parked;
  return [
    ['parked', `${parkedAt.toISOString()}: ${causes[cause]}`],
    ['error', strangersText(error ? `${code}: ${error}` : code, 500)],
    ...(settledAt ? [['settled', settledAt.toISOString()] as [string, string]] : []),
  ];
};

/** The beginning of a payload: as text where it is UTF-8 without control characters but new lines and tabs, else in hex. */
export const payloadText = (payload: Buffer): string => {
  const start = payload.subarray(0, previewBytes);
  const rest = payload.length - start.length;
  const shown = asText(start, rest > 0) ?? hex(start);
  return rest > 0 ? `${shown}\n… and ${bytesText(rest)} more (--json has all of it, in base64)` : shown;
};

const asText = (bytes: Buffer, cutOff: boolean): string | undefined => {
  try {
    // In a stream a character that is cut off at the end is no error.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cutOff });
    return /[^\P{Cc}\n\r\t]|\r(?!\n|$)|\p{Cf}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};

const hex = (bytes: Buffer): string => {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const digits = part.toString('hex').replace(/../g, '$& ').padEnd(48);
    const letters = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${digits} ${letters}`);
  }
  return lines.join('\n');
};
