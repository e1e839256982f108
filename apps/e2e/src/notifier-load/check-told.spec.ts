import { describe, expect, it } from '@jest/globals';
import { checkTold } from './check-told.ts';

const [one, two, other] = [
  { id: '1', reservationId: 'r' },
  { id: '2', reservationId: 'r' },
  { id: '3', reservationId: 's' },
];
const sent = [one, two, other];

describe('checkTold', () => {
  it('finds nothing where each is told once, those of a reservation in their order or in one post', () => {
    expect(checkTold(sent, [[one], [other, two]])).toEqual([]);
    expect(checkTold(sent, [[other], [two, one]])).toEqual([]);
  });

  it('finds what is missing, what is told twice, in one post too, and what is told before its time', () => {
    expect(checkTold(sent, [[one, two]])).toEqual(['missing: 3']);
    expect(checkTold(sent, [[one], [two, other], [one]])).toEqual(['told 2 times: 1, in the posts 0,2']);
    expect(checkTold(sent, [[one], [two, other, other]])).toEqual(['told 2 times: 3, in the posts 1,1']);
    expect(checkTold(sent, [[two, other], [one]])).toEqual(['reversed: 1 and 2 of r']);
  });
});
