import { describe, expect, it } from '@jest/globals';
import { parseConsoleRecord } from './kafka-console.ts';

// Lines as the console consumer of Kafka 4.3.1 printed them; \u001f separates fields, \u001e headers.
const line = (...fields: string[]) => fields.join('\u001f');

describe('a line of the console consumer', () => {
  it('gives key, value and headers back as the bytes they were', () => {
    const headers = 'ce_type:a.b\u001etime:12:30\u001eempty:';
    const printed = line(
      'CreateTime:1700000000123',
      'Partition:7',
      'Offset:42',
      headers,
      'r-1',
      'v\\x5C1 \\xED\\x95\\x9C\\x1F\\x0A',
    );
    expect(parseConsoleRecord(printed)).toEqual({
      timestamp: 1_700_000_000_123,
      partition: 7,
      offset: '42',
      key: Buffer.from('r-1'),
      value: Buffer.from('v\\1 한\u001f\n'),
      headers: [
        { name: 'ce_type', value: Buffer.from('a.b') },
        { name: 'time', value: Buffer.from('12:30') },
        { name: 'empty', value: Buffer.alloc(0) },
      ],
    });
  });

  it('tells null from empty', () => {
    const none = '\\x1Enull\\x1E';
    const printed = line('LogAppendTime:1', 'Partition:0', 'Offset:0', `a:${none}`, none, '');
    expect(parseConsoleRecord(printed)).toMatchObject({
      key: null,
      value: Buffer.alloc(0),
      headers: [{ name: 'a', value: null }],
    });
  });

  it('knows a record without headers', () => {
    expect(
      parseConsoleRecord(line('CreateTime:1', 'Partition:0', 'Offset:0', 'NO_HEADERS', 'k', 'v')).headers,
    ).toEqual([]);
  });
});
