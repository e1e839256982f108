import { expect, it } from '@jest/globals';
import type { ReadMessage } from '@payments/kafka';
import { arrivalsOf, contractHeaders } from './check-arrived.ts';
import { payloadBytes } from './messages.ts';

const written = { topic: 'numbers', from: 0, count: 4, keys: 2 };
const headers = Object.fromEntries(contractHeaders.map((name) => [name, 'x']));

const message = (number: number, changes: Partial<ReadMessage> = {}): ReadMessage =>
  ({
    key: `key-${number % 2}`,
    value: Buffer.from(String(number).padStart(12, '0').padEnd(payloadBytes, '.')),
    headers,
    ...changes,
  }) as ReadMessage;

function outcomeOf(messages: ReadMessage[], options: { mayLose?: boolean } = {}) {
  const check = arrivalsOf({ ...written, ...options });
  for (const one of messages) check.take(one);
  return check.outcome();
}

it('counts deliveries that come again, wherever they come', () => {
  expect(outcomeOf([0, 1, 0, 2, 3, 1].map((number) => message(number)))).toEqual({
    repeats: 2,
    missing: 0,
    disordered: 0,
  });
});

it('counts what is missing and what comes behind a later message of its key, of a system that may lose messages', () => {
  const arrived = [2, 0, 1].map((number) => message(number));
  expect(outcomeOf(arrived, { mayLose: true })).toEqual({ repeats: 0, missing: 1, disordered: 1 });
});

it.each([
  ['a message that is missing', [0, 1, 3], /1 of 4 never arrived, number 2 among them/],
  ['the order of a key turned round', [2, 1, 0, 3], /number 0 of key-0 came behind 2/],
  ['a message that nobody wrote', [0, 1, 2, 3, 4], /nobody wrote number 4/],
])('refuses %s', (_, numbers, says) => {
  expect(() => outcomeOf(numbers.map((number) => message(number)))).toThrow(says);
});

it.each([
  ['another key', { key: 'key-1' }, /number 0 has key key-1/],
  ['another size', { value: Buffer.from('000000000000') }, /number 0 has 12 bytes/],
  ['a header less', { headers: { ...headers, ce_time: '' } }, /number 0 lacks ce_time/],
])('refuses a message with %s', (_, changes, says) => {
  expect(() => outcomeOf([message(0, changes), message(1), message(2), message(3)])).toThrow(says);
});
