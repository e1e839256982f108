import { describe, expect, it } from '@jest/globals';

import { createLog } from './create-log.ts';

/** Lines that a log wrote, parsed. */
function recorded() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, log: createLog('payment', { destination }) };
}

describe('createLog', () => {
  it('writes JSON with the level by name, the time in ISO 8601 and the name of the process', () => {
    const { lines, log } = recorded();
    log.info({ http: '127.0.0.1:9101' }, 'listening');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: process.pid,
        name: 'payment',
        http: '127.0.0.1:9101',
        msg: 'listening',
      },
    ]);
  });

  it('takes passwords out of fields, messages and errors alike', () => {
    const { lines, log } = recorded();
    const secret = 'postgres://app:s3cret@db/payments';
    log.error({ err: new Error(secret, { cause: new Error(secret) }), nested: { url: secret } }, secret);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    expect(JSON.stringify(lines)).toContain('postgres://app:***@db/payments');
  });
});
