import { describe, expect, it } from '@jest/globals';

import { describeLine } from './service-log.ts';

describe('what of a service log is shown on the terminal', () => {
  it('is nothing of its daily work', () => {
    expect(describeLine({ level: 'info', msg: 'listening', http: '127.0.0.1:9101' })).toBeUndefined();
  });

  it('is a warning with its reason', () => {
    expect(describeLine({ level: 'warn', msg: 'waiting for kafka', reason: 'refused' })).toBe(
      'waiting for kafka: refused',
    );
  });

  it('is an error with its message', () => {
    expect(describeLine({ level: 'fatal', msg: 'ended by an error', err: { message: 'disk full' } })).toBe(
      'ended by an error: disk full',
    );
  });

  it('is whatever is no JSON, but for empty lines', () => {
    expect(describeLine({ text: 'The configuration is not usable:' })).toBe(
      'The configuration is not usable:',
    );
    expect(describeLine({ text: '  ' })).toBeUndefined();
  });
});
