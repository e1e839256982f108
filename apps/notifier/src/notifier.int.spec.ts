import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startSlackStandIn, throwAwayDatabase } from '@payments/testing';
import { aFailedEvent, anEvent } from './event/an-event.fixture.ts';
import { openOnKafka, seen } from './notifier-on-kafka.fixture.ts';
import type { OnKafka } from './notifier-on-kafka.fixture.ts';

/** For how long Slack asks to be left alone, in seconds: longer than a session of the group lasts. */
const limitSeconds = Number(process.env['NOTIFIER_LIMIT_SECONDS'] ?? 13);

let all: OnKafka;
const texts = () => all.slack.received().map(({ text }) => text);
const of = (user: string) => texts().filter((text) => text.includes(`by user ${user}`));

beforeEach(async () => {
  all = await openOnKafka();
});
afterEach(async () => {
  await all[Symbol.asyncDispose]();
});

describe('the notifier', () => {
  it('tells what is in the topic, also from before it started, and drops a repeated message id', async () => {
    const [first, second] = [
      anEvent({ payment: { userId: 'first' } }),
      anEvent({ payment: { userId: 'second' } }),
    ];
    await all.send(first, first, second, first);
    const { told } = await all.run();
    await seen(4, () => told);
    expect([...told].sort()).toEqual(['repeatDropped', 'repeatDropped', 'told', 'told']);
    expect([of('first').length, of('second').length]).toEqual([1, 1]);
  });

  it('tells the payments of each reservation in order', async () => {
    const reservations = ['r-1', 'r-2', 'r-3', 'r-4'];
    const events = [1, 2, 3].flatMap((round) =>
      reservations.map((reservationId) => {
        const payment = { reservationId, userId: `${reservationId}-${String(round)}` };
        return round === 1 ? anEvent({ payment }) : aFailedEvent({ payment });
      }),
    );
    await all.send(...events);
    await all.run();
    await seen(events.length, texts);
    for (const reservationId of reservations) {
      const told = texts().filter((text) => text.includes(`reservation ${reservationId} `));
      const rounds = told.map((text) => /by user r-\d-(\d)/.exec(text)?.[1]);
      expect(rounds).toEqual(['1', '2', '3']);
      expect(told.map((text) => text[0])).toEqual(['✅', '❌', '❌']);
    }
  });

  it('tells what lies behind messages that can never be told, of the same partition too', async () => {
    const good = anEvent({ payment: { userId: 'behind' } });
    const undecodable = { ...anEvent(), key: good.key, value: Buffer.from([0xff, 0xff]) };
    const { headers } = anEvent();
    const unknown = { ...anEvent(), headers: { ...headers, ce_type: 'payment.v9.PaymentDreamt' } };
    const refused = anEvent({ payment: { userId: 'refused' } });
    all.slack.failNext({ status: 400, body: 'invalid_blocks' });
    await all.send(refused, undecodable, unknown, good);
    const { told, lines } = await all.run();
    await seen(4, () => told);
    expect([...told].sort()).toEqual(['deadLettered', 'deadLettered', 'skipped', 'told']);
    expect(of('behind')).toHaveLength(1);
    const reasons = lines
      .filter(({ level }) => level === 'error')
      .map(({ reason, offset }) => [reason, offset]);
    expect(reasons).toEqual([
      [expect.stringContaining('not a payment.v1.PaymentEvent'), '1'],
      ['Slack answered 400 invalid_blocks', '0'],
    ]);
  });

  it('commits the offset of what is told, and of nothing that is not', async () => {
    await all.send(...['one', 'two', 'three'].map((userId) => anEvent({ payment: { userId } })));
    const first = await all.run();
    all.slack.onMessage(({ text }) => text.includes('one') && all.slack.failAlways({ status: 403 }));
    await eventually(() => expect(first.unready.has('slack')).toBe(true), { timeoutMs: 90_000 });
    // The last commit at a stop is given up after 5 s, and what it held would rightly be told again.
    await eventually(async () => expect(await all.committed()).toEqual(['1']), { timeoutMs: 60_000 });
    await first.end();
    expect(of('one')).toHaveLength(1);
    all.slack.recover();
    // With another, empty inbox nothing but the offsets keeps what was told from being told again.
    await using empty = await throwAwayDatabase();
    const second = await all.run({ databaseUrl: empty.url });
    await seen(3, texts);
    await second.end();
    expect([of('one').length, of('two').length, of('three').length]).toEqual([1, 1, 1]);
    expect(second.told).toEqual(['told', 'told']);
  });

  it('obeys the rate limit of Slack: everything arrives, none is told twice', async () => {
    await using limited = await startSlackStandIn({ rateLimit: { perSecond: 1, burst: 1 } });
    const events = [1, 2, 3].map((n) => anEvent({ payment: { reservationId: `r-${String(n)}` } }));
    await all.send(...events);
    const { told, end } = await all.run({ webhookUrl: limited.webhook });
    await seen(3, () => told);
    expect(told).toEqual(['told', 'told', 'told']);
    expect(limited.received()).toHaveLength(3);
    await end();
    const [one = '', two = '', three = ''] = limited.received().map(({ at }) => at);
    expect(Date.parse(two) - Date.parse(one)).toBeGreaterThanOrEqual(990);
    expect(Date.parse(three) - Date.parse(two)).toBeGreaterThanOrEqual(990);
  });

  it(
    'keeps its partitions while it waits for Slack for longer than a session lasts, however many wait',
    async () => {
      const many = Array.from({ length: 250 }, () => anEvent({ payment: { reservationId: 'r-1' } }));
      const few = Array.from({ length: 20 }, (_, n) =>
        anEvent({ payment: { reservationId: `r-${String(n)}` } }),
      );
      await all.send(...many, ...few);
      all.slack.failNext({ status: 429, retryAfterSeconds: limitSeconds });
      // Without heartbeats meanwhile the group would give the partitions away, and they would be read anew.
      const started = performance.now();
      const { told, lines, tally } = await all.run({ digest: { above: 5, max: 100 } });
      await eventually(() => expect(told).toHaveLength(270), { timeoutMs: limitSeconds * 1000 + 90_000 });
      expect(new Set(told)).toEqual(new Set(['told']));
      expect(tally.mayRepeat).toBe(0);
      expect(all.slack.tooFast()).toEqual([]);
      expect(lines.filter(({ msg }) => msg === 'ready: reading payment events')).toHaveLength(1);
      expect(all.slack.requests().length).toBeLessThan(20);
      if (limitSeconds > 13) {
        const seconds = Math.round((performance.now() - started) / 1000);
        console.log(
          `Slack asked for ${String(limitSeconds)} s: no rebalance, 270 told in ${String(all.slack.received().length)} posts after ${String(seconds)} s`,
        );
      }
    },
    (limitSeconds + 180) * 1000,
  );
});
