import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { asConsumed } from '../a-notifier.fixture.ts';
import { aFailedEvent, anEvent } from '../event/an-event.fixture.ts';
import type { AnEvent } from '../event/an-event.fixture.ts';
import { decodeEvent } from '../event/decode-event.ts';
import { makeUpPost } from './make-up-post.ts';
import { openQueue } from './queue.ts';
import type { DigestOptions, Waiting } from './queue.ts';

type Wishes = { event?: AnEvent; partition?: number; blockedUntilMs?: number; atMost?: number };

function waits({ event = anEvent(), partition = 0, blockedUntilMs = 0, atMost = Infinity }: Wishes = {}) {
  const decoded = decodeEvent(event);
  if (decoded.kind !== 'event') throw new Error(decoded.kind);
  const message = { ...asConsumed(event), partition };
  const ends = { end: () => undefined, failed: () => undefined };
  const nobody = { ...ends, unanswered: undefined, context: ROOT_CONTEXT };
  return { message, event: decoded.event, atMost, blockedUntilMs, ...nobody } satisfies Waiting;
}
const many = (count: number, wishes: Wishes = {}) => Array.from({ length: count }, () => waits(wishes));
const failures = (count: number) => Array.from({ length: count }, () => waits({ event: aFailedEvent() }));

const digest: DigestOptions = { above: 5, max: 8, lines: 3 };
function queueOf(all: Waiting[], options: Partial<DigestOptions> = {}) {
  const queue = openQueue({ ...digest, ...options });
  for (const one of all) queue.add(one);
  return queue;
}
const post = (all: readonly Waiting[], options: Partial<DigestOptions> = {}) =>
  makeUpPost(
    all.map((waiting) => ({ waiting, earlierPost: undefined })),
    { ...digest, ...options },
  ).waiting;

describe('a queue', () => {
  it('offers what waits in the order in which it came, and no more than a post can hold', () => {
    const all = many(20);
    expect(queueOf(all).next(0)).toEqual(all.slice(0, 8));
  });

  it('offers one more than are told one by one, however few a digest holds: else there would never be one', () => {
    expect(queueOf(many(20), { max: 2 }).next(0)).toHaveLength(6);
  });

  it('offers nothing of a partition behind what is blocked, until that is over; other partitions go on', () => {
    const [first, blocked, behind] = [waits(), waits({ blockedUntilMs: 100 }), waits()];
    const other = waits({ partition: 1 });
    const queue = queueOf([first, blocked, behind, other]);
    expect(queue.next(99)).toEqual([first, other]);
    expect(queue.next(100)).toEqual([first, blocked, behind, other]);
  });

  it('offers nothing at all while the head of each partition is blocked', () => {
    expect(queueOf([waits({ blockedUntilMs: 1 }), waits()]).next(0)).toEqual([]);
  });

  it('offers an id once, and holds back what lies behind its repeat', () => {
    const event = anEvent();
    const [first, repeat, behind, other] = [
      waits({ event }),
      waits({ event, partition: 1 }),
      waits({ partition: 1 }),
      waits(),
    ];
    const queue = queueOf([first, repeat, behind, other]);
    expect(queue.next(0)).toEqual([first, other]);
    queue.remove([first]);
    expect(queue.next(0)).toEqual([repeat, behind, other]);
  });

  it('never locks two partitions that hold the same two ids the other way round', () => {
    const [x, y] = [anEvent(), anEvent()];
    const order: [AnEvent, number][] = [
      [x, 0],
      [y, 1],
      [y, 0],
      [x, 1],
    ];
    const queue = queueOf(order.map(([event, partition]) => waits({ event, partition })));
    for (let rounds = 0; queue.all().length > 0; rounds += 1) {
      expect(queue.next(0)).not.toEqual([]);
      queue.remove(queue.next(0));
      expect(rounds).toBeLessThan(4);
    }
  });

  it('removes what it is told to, and nothing else', () => {
    const [one, two, three] = [waits(), waits(), waits()];
    const queue = queueOf([one, two, three]);
    queue.remove([two]);
    expect(queue.all()).toEqual([one, three]);
  });
});

describe('a post', () => {
  it('holds one message while no more than `above` wait', () => {
    const all = many(5);
    expect(post(all)).toEqual(all.slice(0, 1));
    expect(post([])).toEqual([]);
  });

  it('is a digest of all when more wait, and of `max` at most', () => {
    const all = many(9);
    expect(post(all.slice(0, 6))).toEqual(all.slice(0, 6));
    expect(post(all)).toEqual(all.slice(0, 8));
  });

  it('is a digest of one, where none are to be told one by one', () => {
    expect(post(many(1), { above: 0 })).toHaveLength(1);
  });

  it('holds no more failures than it has lines', () => {
    const all = [waits(), ...failures(2), waits(), ...failures(2), waits()];
    expect(post(all)).toEqual(all.slice(0, 5));
    expect(post(failures(6), { lines: 1 })).toHaveLength(1);
  });

  it('holds no more than what was refused is being taken apart to, wherever that waits', () => {
    const fresh = many(3);
    expect(post([...many(4, { atMost: 2 }), ...fresh])).toHaveLength(2);
    expect(post([...fresh, ...many(4, { atMost: 2 })])).toEqual(fresh);
    expect(post([...many(6, { atMost: 1 })])).toHaveLength(1);
  });

  describe('of what an unanswered post held', () => {
    const earlier = { id: 'p', size: 3 };
    const held = (waiting: Waiting, earlierPost: typeof earlier | undefined) => ({ waiting, earlierPost });

    it('holds all of that and nothing else, few as it is, and whatever waits before it', () => {
      const [before, one, between, two, three] = [waits(), waits(), waits(), waits(), waits()];
      const claimed = [
        held(before, undefined),
        held(one, earlier),
        held(between, { id: 'q', size: 1 }),
        held(two, earlier),
        held(three, earlier),
      ];
      expect(makeUpPost(claimed, digest)).toEqual({
        waiting: [one, two, three],
        earlierPost: earlier,
        missing: 0,
      });
    });

    it('is as large as that was, whatever a digest holds by now', () => {
      const all = failures(9).map((one) => held(one, { id: 'p', size: 9 }));
      expect(makeUpPost(all, digest).waiting).toHaveLength(9);
    });

    it('says how many of it are not there', () => {
      expect(makeUpPost([held(waits(), earlier)], digest)).toMatchObject({ missing: 2 });
    });

    it('is taken apart when it is refused', () => {
      const all = many(3, { atMost: 2 }).map((one) => held(one, earlier));
      const made = makeUpPost(all, digest);
      expect([made.waiting.length, made.missing]).toEqual([2, 0]);
    });
  });
});
