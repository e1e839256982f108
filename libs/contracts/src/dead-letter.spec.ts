import { describe, expect, it } from '@jest/globals';
import { readDeadLetterMark, withDeadLetterMark } from './dead-letter.ts';

const mark = {
  reason: 'ce_id is not a UUID: 예약',
  topic: 'payment-event',
  partition: 11,
  offset: '9223372036854775807',
  timestamp: 1_767_323_045_678,
  group: 'payment-notifier',
  setAsideAt: new Date('2026-01-02T03:04:05.678Z'),
};
const header = (key: string, text: string | null) => ({
  key,
  value: text === null ? null : Buffer.from(text),
});

describe('the mark of a dead letter', () => {
  it('is text that every tool shows, behind the headers of the message', () => {
    const written = withDeadLetterMark([header('ce_id', 'x')], mark);
    expect(written.map(({ key, value }) => [key, value?.toString()])).toEqual([
      ['ce_id', 'x'],
      ['__notifier.errors.reason', mark.reason],
      ['__notifier.errors.topic', 'payment-event'],
      ['__notifier.errors.partition', '11'],
      ['__notifier.errors.offset', '9223372036854775807'],
      ['__notifier.errors.timestamp', '1767323045678'],
      ['__notifier.errors.group', 'payment-notifier'],
      ['__notifier.errors.time', '2026-01-02T03:04:05.678Z'],
    ]);
  });

  it('is taken off again, and leaves the headers as they were', () => {
    const headers = [header('a', '1'), header('b', null), header('a', '2')];
    expect(readDeadLetterMark(withDeadLetterMark(headers, mark))).toEqual({ mark, headers });
    expect(readDeadLetterMark(withDeadLetterMark([], mark))).toEqual({ mark, headers: [] });
  });

  it('does not mix with headers of the same names that a message brings', () => {
    const forged = withDeadLetterMark([], { ...mark, reason: 'forged' });
    const headers = [...forged, header('__notifier.errors.reason', 'forged')];
    expect(readDeadLetterMark(withDeadLetterMark(headers, mark))).toEqual({ mark, headers });
  });

  it('is not there unless the last headers are one, whole', () => {
    const written = withDeadLetterMark([], mark);
    expect(readDeadLetterMark([])).toBeUndefined();
    expect(readDeadLetterMark(written.slice(1))).toBeUndefined();
    expect(readDeadLetterMark([...written, header('a', '1')])).toBeUndefined();
  });
});
