import { describe, expect, it } from '@jest/globals';
import { asConsumed } from '../a-notifier.fixture.ts';
import type { Channel } from '../channel/open-channel.ts';
import type { ChannelEnd } from '../channel/queue.ts';
import type { DeadLetters } from '../dead-letters/open-dead-letters.ts';
import { anEvent } from '../event/an-event.fixture.ts';
import { openTally } from '../tally.ts';
import { handleMessages } from './handle-message.ts';

const told: ChannelEnd = { kind: 'told' };
const dropped: ChannelEnd = { kind: 'repeatDropped' };
const left: ChannelEnd = { kind: 'left' };
const refused = (reason: string): ChannelEnd => ({ kind: 'refused', reason });

/** Channels in which every message ends so, and what became of what was handed to them. */
function handling(ends: ChannelEnd[], { put }: Partial<DeadLetters> = {}) {
  const [asked, setAside, lines]: [string[], string[], object[]] = [[], [], []];
  const channels = ends.map((end): Channel => ({
    tell: (_, event) => {
      asked.push(event.id);
      return Promise.resolve(end);
    },
  }));
  const deadLetters = {
    put: (message: Parameters<DeadLetters['put']>[0], reason: string) => {
      setAside.push(reason);
      return put?.(message, reason) ?? Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const [tally, stop] = [openTally(), new AbortController()];
  const log = { info: (fields: object) => void lines.push(fields) };
  const common = { deadLetters, groupId: 'notifier-spec', tally, log, stop: stop.signal };
  const handle = handleMessages({ ...common, channelsOf: () => channels });
  return { handle, asked, setAside, lines, tally, stop };
}
const message = asConsumed(anEvent());
const ofType = (type: string) => {
  const event = anEvent();
  return asConsumed({ ...event, headers: { ...event.headers, ce_type: type } });
};

describe('a message', () => {
  it.each([
    ['told in one and a repeat in the other', [told, dropped], 'told'],
    ['a repeat in both', [dropped, dropped], 'repeatDropped'],
    ['told in one and left in the other', [told, left], 'left'],
    ['refused in one and told in the other', [refused('no'), told], 'deadLettered'],
    ['refused in one and left in the other', [refused('no'), left], 'left'],
    ['refused in both', [refused('no'), refused('never')], 'deadLettered'],
  ])('that is %s', async (_, ends, what) => {
    const { handle, setAside, tally } = handling(ends);
    expect(await handle(message)).toBe(what);
    expect(tally).toMatchObject({ told: 0, repeatDropped: 0, left: 0, deadLettered: 0, [what]: 1 });
    const reasons = ends.flatMap((end) => (end.kind === 'refused' ? [end.reason] : []));
    expect(setAside).toEqual(what === 'deadLettered' ? [reasons.join('; ')] : []);
  });

  it('goes to no channel after a stop, or when its partition is not ours any more', async () => {
    const { handle, asked, stop, tally } = handling([told]);
    const revoked = new AbortController();
    revoked.abort();
    expect(await handle(asConsumed(anEvent(), revoked.signal))).toBe('left');
    stop.abort();
    expect(await handle(message)).toBe('left');
    expect(asked).toEqual([]);
    expect(tally.left).toBe(2);
  });

  it('of a kind that nobody knows yet is skipped and counted; each kind is said once', async () => {
    const { handle, asked, lines, setAside, tally } = handling([told]);
    for (const type of ['payment.v9.Dreamt', 'payment.v9.Dreamt', 'payment.v9.Forgotten'])
      expect(await handle(ofType(type))).toBe('skipped');
    expect(lines).toEqual([{ type: 'payment.v9.Dreamt' }, { type: 'payment.v9.Forgotten' }]);
    expect(tally).toMatchObject({ skipped: 3, told: 0 });
    expect([asked, setAside]).toEqual([[], []]);
  });

  it('of any of a thousand unknown kinds does not fill the log, or the memory', async () => {
    const { handle, lines, tally } = handling([told]);
    for (let kind = 0; kind < 1000; kind += 1) await handle(ofType(`payment.v9.Kind${String(kind)}`));
    expect(tally.skipped).toBe(1000);
    expect(lines).toHaveLength(100);
  });

  it('that nobody can read is set aside, and no channel asked', async () => {
    const { handle, asked, setAside } = handling([told]);
    expect(await handle(asConsumed({ ...anEvent(), value: Buffer.from('nonsense') }))).toBe('deadLettered');
    expect(setAside).toEqual([expect.stringContaining('not a payment.v1.PaymentEvent')]);
    expect(asked).toEqual([]);
  });

  it('that could not be set aside before the end is left; nothing else is passed over in silence', async () => {
    const away = { put: () => Promise.reject(new Error('kafka is away')) };
    const { handle, stop } = handling([refused('no')], away);
    await expect(handle(message)).rejects.toThrow('kafka is away');
    const handled = handle(message);
    stop.abort();
    expect(await handled).toBe('left');
  });
});
