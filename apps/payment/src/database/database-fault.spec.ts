import { describe, expect, it } from '@jest/globals';
import { databaseFault } from './database-fault.ts';

const withCode = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('databaseFault', () => {
  it.each([
    ['23505', 'CONFLICT'],
    ['40001', 'CONFLICT'],
    ['40P01', 'CONFLICT'],
    ['55P03', 'LOCK_TIMEOUT'],
    ['25P04', 'TIMEOUT'],
    ['57014', 'TIMEOUT'],
    ['57P01', 'UNAVAILABLE'],
    ['57P03', 'UNAVAILABLE'],
    ['53300', 'UNAVAILABLE'],
    ['08006', 'UNAVAILABLE'],
    ['25006', 'UNAVAILABLE'],
    ['ECONNREFUSED', 'UNAVAILABLE'],
    ['ECONNRESET', 'UNAVAILABLE'],
    ['23514', 'OTHER'],
    ['42P01', 'OTHER'],
  ])('reads %s as %s', (code, fault) => {
    expect(databaseFault(withCode(code))).toBe(fault);
  });

  it('knows a lost connection by its text, since pg gives it no code', () => {
    expect(databaseFault(new Error('Connection terminated unexpectedly'))).toBe('UNAVAILABLE');
    expect(databaseFault(new Error('Query read timeout'))).toBe('UNAVAILABLE');
  });

  it('looks into causes and aggregates', () => {
    expect(databaseFault(new Error('x', { cause: withCode('40P01') }))).toBe('CONFLICT');
    expect(databaseFault(new AggregateError([withCode('ECONNREFUSED')]))).toBe('UNAVAILABLE');
  });

  it.each([undefined, 'text', new Error('x')])('has nothing to say about %p', (thrown) => {
    expect(databaseFault(thrown)).toBe('OTHER');
  });
});
