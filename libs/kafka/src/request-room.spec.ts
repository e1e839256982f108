import { expect, it } from '@jest/globals';

import { requestRoom } from './request-room.ts';

const placeOf = ({ buffer, byteOffset }: Buffer) => ({ buffer, byteOffset });

it('is the same memory for each request, once it is known how much that takes', () => {
  const room = requestRoom();
  room.take(1000);
  room.free();
  const first = room.take(800);
  room.free();
  expect(placeOf(room.take(1000))).toEqual(placeOf(first));
});

it('is another part for each broker that a request goes to', () => {
  const room = requestRoom();
  room.take(2000);
  room.free();
  const parts = [room.take(1000), room.take(1000), room.take(1000)];
  parts.forEach((part, index) => part.fill(index));
  expect(parts.map((part) => [...new Set(part)])).toEqual([[0], [1], [2]]);
});

it('is given back after a request that was very large', () => {
  const room = requestRoom();
  room.take(20_000_000);
  room.free();
  const one = room.take(1000);
  room.free();
  expect(one.buffer.byteLength).toBe(1000);
});
