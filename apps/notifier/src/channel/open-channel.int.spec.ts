import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startSlackStandIn, tcpProxy, throwAwayDatabase } from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import pg from 'pg';
import { anEvent } from '../event/an-event.fixture.ts';
import { aNotifier, asConsumed } from '../a-notifier.fixture.ts';
import type { ANotifier } from '../a-notifier.fixture.ts';

let stack: AsyncDisposableStack;
let slack: SlackStandIn;
let databaseUrl: string;
let client: pg.Client;
const notifierWith = async (options: Partial<Parameters<typeof aNotifier>[0]> = {}) =>
  stack.use(await aNotifier({ databaseUrl, webhookUrl: slack.webhook, ...options }));
const received = () => slack.received().map(({ text }) => text);
const states = async () => (await client.query<{ state: string }>('select state from notifier.inbox')).rows;

const endLeases = () => client.query('update notifier.inbox set lease_until = clock_timestamp()');
/** When the lease of the one claim ends, in whole milliseconds since 1970. */
const leaseEnd = async () =>
  (
    await client.query<{ lease_until: Date }>('select lease_until from notifier.inbox')
  ).rows[0]?.lease_until.getTime() ?? Number.NaN;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  databaseUrl = stack.use(await throwAwayDatabase()).url;
  client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  stack.defer(() => client.end());
  slack = stack.use(await startSlackStandIn());
});
afterEach(() => stack.disposeAsync());

/** Resolves as soon as the stand-in has settled that many requests. */
async function requests(count: number): Promise<void> {
  const settled = Promise.withResolvers<void>();
  const look = () => slack.requests().length >= count && settled.resolve();
  const end = slack.onRequest(look);
  look();
  await settled.promise.finally(end);
}

type CrashedAfterPost = { crashed: ANotifier; telling: Promise<unknown> };

/** A notifier that posts, and does not learn what became of it before the stand-in cuts its connection. */
async function crashAfterPost({ event = anEvent(), leaseMs = 60_000 }): Promise<CrashedAfterPost> {
  const crashed = await notifierWith({ leaseMs, timeoutMs: 120_000 });
  stack.defer(() => slack.cutHanging());
  slack.failNext({ hang: 'after' });
  const telling = crashed.handle(asConsumed(event));
  await requests(1);
  return { crashed, telling };
}

describe('a message', () => {
  it('is told once, however often it is delivered', async () => {
    const [notifier, message] = [await notifierWith(), asConsumed(anEvent())];
    expect(await notifier.handle(message)).toBe('told');
    expect(await notifier.handle(message)).toBe('repeatDropped');
    const other = await notifierWith();
    expect(await other.handle(message)).toBe('repeatDropped');
    expect(received()).toHaveLength(1);
    expect(notifier.tally).toMatchObject({ told: 1, repeatDropped: 1, mayRepeat: 0 });
  });

  it('is told once by two notifiers at the same time: the second waits for the mark of the first', async () => {
    const [one, two] = [await notifierWith(), await notifierWith()];
    const message = asConsumed(anEvent());
    slack.failNext({ delayMs: 300 });
    expect((await Promise.all([one.handle(message), two.handle(message)])).sort()).toEqual([
      'repeatDropped',
      'told',
    ]);
    expect(received()).toHaveLength(1);
  });

  it('is told once more, and no more, after a crash between Slack and the mark; that is counted', async () => {
    const event = anEvent();
    const { telling } = await crashAfterPost({ event });
    const next = await notifierWith();
    await endLeases();
    expect(await next.handle(asConsumed(event))).toBe('told');
    expect(next.tally).toMatchObject({ told: 1, mayRepeat: 1 });
    expect(next.lines).toContainEqual(expect.objectContaining({ level: 'warn', id: event.id }));
    slack.cutHanging();
    // The one that was only frozen finds its claim lost, and drops the message instead of telling it a third time.
    expect(await telling).toBe('repeatDropped');
    expect(received()).toHaveLength(2);
  });

  it('is not told by anybody else while the lease of a silent claimant runs', async () => {
    const event = anEvent();
    await crashAfterPost({ event, leaseMs: 1500 });
    const leaseUntil = await leaseEnd();
    await (await notifierWith()).handle(asConsumed(event));
    expect(Date.parse(slack.requests()[1]?.at ?? '')).toBeGreaterThanOrEqual(leaseUntil);
  });

  it('is told when Slack comes back, however many 500s and lost connections that takes', async () => {
    const notifier = await notifierWith();
    slack.failNext({ status: 500 }, 3);
    slack.failNext({ reset: 'before' });
    slack.failNext({ status: 503 });
    expect(await notifier.handle(asConsumed(anEvent()))).toBe('told');
    expect(slack.requests().map(({ answer }) => answer)).toEqual([500, 500, 500, 'reset', 503, 200]);
    expect(received()).toHaveLength(1);
    // No other claimant was at it: what it posted itself without an answer is in its log.
    expect(notifier.tally.mayRepeat).toBe(0);
    expect(notifier.unready).toEqual(new Map());
  });

  it('waits as long as Slack asks for', async () => {
    const notifier = await notifierWith();
    slack.failNext({ status: 429, retryAfterSeconds: 1 });
    const started = performance.now();
    expect(await notifier.handle(asConsumed(anEvent()))).toBe('told');
    expect(performance.now() - started).toBeGreaterThanOrEqual(1000);
    expect(slack.requests()).toHaveLength(2);
  });

  it('waits by its own measure where Slack asks for no time at all', async () => {
    const notifier = await notifierWith();
    slack.failNext({ status: 429, retryAfterSeconds: 0 }, 3);
    expect(await notifier.handle(asConsumed(anEvent()))).toBe('told');
    const pauses = notifier.lines.flatMap(({ pauseMs }) => (typeof pauseMs === 'number' ? [pauseMs] : []));
    expect(pauses).toHaveLength(3);
    expect(Math.min(...pauses)).toBeGreaterThan(0);
  });

  it.each([403, 404, 410])(
    'waits un-ready for a webhook that answers %s, and is not lost',
    async (status) => {
      const notifier = await notifierWith();
      slack.failAlways({ status });
      const telling = notifier.handle(asConsumed(anEvent()));
      await requests(2);
      expect(notifier.unready.get('slack')).toMatch(
        new RegExp(`^Slack answered ${String(status)} .*must be mended$`),
      );
      slack.recover();
      expect(await telling).toBe('told');
      expect(notifier.unready).toEqual(new Map());
    },
  );

  it('that Slack took is marked within moments of the return of PostgreSQL, however long that was away', async () => {
    const postgres = stack.use(await tcpProxy({ target: new URL(databaseUrl).host }));
    const proxied = Object.assign(new URL(databaseUrl), { host: postgres.address }).href;
    const notifier = await notifierWith({ databaseUrl: proxied });
    const held = slack.holdNext();
    const telling = notifier.handle(asConsumed(anEvent()));
    await held.arrived;
    await postgres.refuse();
    held.release();
    const waits = () => notifier.lines.filter(({ msg }) => msg === 'waiting for postgres');
    await eventually(() => expect(waits().length).toBeGreaterThanOrEqual(5), { timeoutMs: 60_000 });
    await postgres.accept();
    expect(await telling).toBe('told');
    expect(Math.max(...waits().map(({ pauseMs }) => Number(pauseMs)))).toBeLessThanOrEqual(250);
    expect(await states()).toEqual([{ state: 'TOLD' }]);
  });

  it('that Slack refuses for what it holds is set aside with its reason and place', async () => {
    const notifier = await notifierWith();
    slack.failNext({ status: 400, body: 'invalid_blocks' });
    const event = anEvent();
    expect(await notifier.handle(asConsumed(event))).toBe('deadLettered');
    const place = { topic: 'payment-event', partition: 0, offset: '7' };
    const reason = 'Slack answered 400 invalid_blocks';
    expect(notifier.lines).toContainEqual(expect.objectContaining({ level: 'error', ...place, reason }));
    expect(await states()).toEqual([{ state: 'REFUSED' }]);
    expect(await notifier.handle(asConsumed(event))).toBe('told');
  });

  it('that cannot be decoded is set aside without a request', async () => {
    const notifier = await notifierWith();
    expect(await notifier.handle(asConsumed({ ...anEvent(), value: Buffer.from('nonsense') }))).toBe(
      'deadLettered',
    );
    expect(notifier.tally.deadLettered).toBe(1);
    expect(slack.requests()).toEqual([]);
    expect(await states()).toEqual([]);
  });

  it('that is set aside takes one short line of the log, however long its headers are', async () => {
    const notifier = await notifierWith();
    const { headers, ...event } = anEvent();
    const [long, longer] = ['x'.repeat(100_000), 'y'.repeat(1_000_000)];
    await notifier.handle(asConsumed({ ...event, headers: { ...headers, ce_id: long } }));
    await notifier.handle(asConsumed({ ...event, headers: { ...headers, ce_type: longer } }));
    expect(notifier.tally).toMatchObject({ deadLettered: 1, skipped: 1 });
    expect(notifier.lines).toHaveLength(2);
    for (const line of notifier.lines) expect(JSON.stringify(line).length).toBeLessThan(1000);
  });

  it('keeps Korean, and pings nobody', async () => {
    const notifier = await notifierWith();
    const payment = { reservationId: '예약-1', userId: '<!channel> 김철수' };
    await notifier.handle(asConsumed(anEvent({ payment })));
    expect(received()[0]).toContain('예약-1');
    expect(received()[0]).toContain('&lt;!channel&gt; 김철수');
    expect(slack.requests()[0]?.body).not.toMatch(/<[!@]c/);
  });
});

describe('a stop', () => {
  it('lets the post in flight and its mark finish', async () => {
    const notifier = await notifierWith();
    const held = slack.holdNext();
    const telling = notifier.handle(asConsumed(anEvent()));
    await held.arrived;
    notifier.stop.abort();
    held.release();
    expect(await telling).toBe('told');
    expect(await states()).toEqual([{ state: 'TOLD' }]);
  });

  it('gives back a message that was not posted, so that the next notifier tells it at once', async () => {
    const notifier = await notifierWith();
    const event = anEvent();
    slack.failAlways({ status: 403 });
    const telling = notifier.handle(asConsumed(event));
    await requests(1);
    notifier.stop.abort();
    expect(await telling).toBe('left');
    expect(await states()).toEqual([]);
    slack.recover();
    const next = await notifierWith();
    expect(await next.handle(asConsumed(event))).toBe('told');
    expect(next.tally.mayRepeat).toBe(0);
  });

  it.each(['a stop', 'a revocation'])(
    'gives back at %s what Slack may have taken without a word: the next notifier tells it at once, and counts it',
    async (end) => {
      const notifier = await notifierWith();
      const event = anEvent();
      const revocation = new AbortController();
      slack.failAlways({ status: 403 });
      slack.failNext({ reset: 'after' });
      const telling = notifier.handle(asConsumed(event, revocation.signal));
      await requests(2);
      (end === 'a stop' ? notifier.stop : revocation).abort();
      expect(await telling).toBe('left');
      expect(await states()).toEqual([{ state: 'CLAIMED' }]);
      expect(await leaseEnd()).toBeLessThanOrEqual(Date.now());
      slack.recover();
      const next = await notifierWith();
      expect(await next.handle(asConsumed(event))).toBe('told');
      expect(next.tally).toMatchObject({ told: 1, mayRepeat: 1 });
      expect(next.lines).toContainEqual(expect.objectContaining({ level: 'warn', id: event.id }));
      expect(received()).toHaveLength(2);
    },
  );

  it('begins nothing new', async () => {
    const notifier = await notifierWith();
    notifier.stop.abort();
    expect(await notifier.handle(asConsumed(anEvent()))).toBe('left');
    expect(await states()).toEqual([]);
  });

  it('ends the wait for a message that another has', async () => {
    const event = anEvent();
    const holder = await notifierWith();
    slack.failNext({ hang: 'before' });
    void holder.handle(asConsumed(event));
    await requests(1);
    const waiting = await notifierWith();
    const telling = waiting.handle(asConsumed(event));
    waiting.stop.abort();
    expect(await telling).toBe('left');
    holder.stop.abort();
    slack.cutHanging();
  });
});

describe('a partition that was taken away', () => {
  it('has its messages left to the next owner, unless one is in flight', async () => {
    const notifier = await notifierWith();
    const revocation = new AbortController();
    slack.failAlways({ status: 500 });
    const telling = notifier.handle(asConsumed(anEvent(), revocation.signal));
    await requests(2);
    revocation.abort();
    expect(await telling).toBe('left');
    expect(await notifier.handle(asConsumed(anEvent(), revocation.signal))).toBe('left');
    expect(await states()).toEqual([]);
  });
});
