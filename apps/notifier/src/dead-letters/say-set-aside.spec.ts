import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { eventually } from '@payments/testing';
import { anEvent } from '../event/an-event.fixture.ts';
import { asConsumed } from '../a-notifier.fixture.ts';
import { keepTraces } from '../traces.fixture.ts';
import { saySetAside } from './say-set-aside.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function aSayer() {
  const lines: [fields: object, text: string | undefined][] = [];
  const log = { error: (fields: object, text?: string) => void lines.push([fields, text]) };
  const sayer = saySetAside({ log, lines: 3, everyMs: 5_000 });
  let offset = 0;
  const say = (times: number) => {
    for (let index = 0; index < times; index += 1)
      sayer.say({ ...asConsumed(anEvent()), offset: String(offset++) }, 'garbage');
  };
  return { lines, say, close: () => sayer[Symbol.dispose]() };
}

const single = 'a message that can never be told is set aside';
const place = (offset: string) => ({ topic: 'payment-event', partition: 0, offset, reason: 'garbage' });

describe('what the log says of messages that are set aside', () => {
  it('is a line each, with place and reason, while they are few', () => {
    const { lines, say } = aSayer();
    say(2);
    expect(lines).toEqual([
      [place('0'), single],
      [place('1'), single],
    ]);
  });

  it('is from then on one line every few seconds, with how many more there were and the last of them', () => {
    const { lines, say } = aSayer();
    say(1_000);
    expect(lines).toHaveLength(3);
    jest.advanceTimersByTime(5_000);
    say(5);
    expect(lines.slice(3)).toEqual([
      [{ more: 997, last: place('999') }, '997 more messages that can never be told were set aside'],
    ]);
    jest.advanceTimersByTime(5_000);
    expect(lines.slice(4)).toEqual([[expect.objectContaining({ more: 5 }), expect.any(String)]]);
    jest.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(5);
  });

  it('is a line each again, after a time without any', () => {
    const { lines, say } = aSayer();
    say(4);
    jest.advanceTimersByTime(10_000);
    expect(lines).toHaveLength(4);
    say(1);
    expect(lines.at(-1)).toEqual([place('4'), single]);
  });

  it("is of no one message's trace where it sums up", async () => {
    jest.useRealTimers();
    keepTraces();
    const traceIds: unknown[] = [];
    const log = { error: () => void traceIds.push(trace.getActiveSpan()?.spanContext().traceId) };
    using sayer = saySetAside({ log, lines: 1, everyMs: 10 });
    const span = trace.getTracer('spec').startSpan('of a message');
    const say = () => sayer.say(asConsumed(anEvent()), 'garbage');
    context.with(trace.setSpan(context.active(), span), () => [say(), say()]);
    await eventually(() => expect(traceIds).toHaveLength(2));
    expect(traceIds).toEqual([span.spanContext().traceId, undefined]);
  });

  it('is all said when it is closed, and leaves no timer', () => {
    const { lines, say, close } = aSayer();
    say(4);
    close();
    expect(lines).toHaveLength(4);
    expect(jest.getTimerCount()).toBe(0);
  });
});
