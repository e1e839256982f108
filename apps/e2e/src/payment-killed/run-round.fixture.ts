import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import { keyOf, look } from './look.fixture.ts';
import { callPoints, recoveryPoints, type Aim, type Point } from './points.fixture.ts';
import type { Round } from './rounds.fixture.ts';
import { anOrder, aRefund, finalAnswer, type Subject } from './subject.fixture.ts';
import type { Instance, World } from './world.fixture.ts';

const declineCode = 'insufficient_funds';
/** How long a process may take to come to its point, in milliseconds. */
const reachWithinMs = 30_000;

/**
 * One round: asks, kills the process at the point, shows that it was there; where the round says so, does the same with the
 * process that recovers; then starts the next one, and asks again with the same request ids until all is final.
 * @returns the process that is left running
 */
export async function runRound(world: World, instance: Instance, round: Round): Promise<Instance> {
  const subject = round.kind === 'CHARGE' ? anOrder() : await aRefund(world, instance.client);
  const others = Array.from({ length: round.bystanders }, () => anOrder());
  const point = callPoints[round.call] as Point;
  const aim = { world, subject, ...(round.declined && { decline: declineCode }) };
  const again: Point | undefined = round.recovery && recoveryPoints[round.recovery];

  const release = await killAt(point, { ...aim, instance, key: () => keySeen(world, subject) }, async () => {
    // Behind what the point itself asked of the gateway.
    if (round.declined && !point.decides && !again?.decides) declineOf(world, subject);
    others.forEach((other, at) => slowDown(world, other, at * 20));
    const asking = [subject, ...others].map((asked) => ending(asked.ask(instance.client)));
    return Promise.resolve({ instance, ended: Promise.all(asking).then(([end = '']) => end) });
  });
  if (!round.late && !point.arrivesLast) release?.();
  if (again) (await killRecovery(again, aim))?.();

  await letLeasesEnd(world);
  const next = await world.start();
  await next.ready();
  if (round.late) {
    await untilTurnedAway(world, subject);
    release?.();
  }
  const answers = await Promise.all([subject, ...others].map((asked) => finalAnswer(asked, next.client)));
  expect(answers).toEqual([expected(round), ...others.map(() => 'COMPLETED')]);
  if (point.arrivesLast) {
    release?.();
    // The gateway runs in this process, and works the request off in one go.
    await immediate();
  }
  return next;
}

const expected = ({ kind, declined }: Round) =>
  declined ? `DECLINED ${declineCode}` : kind === 'CHARGE' ? 'COMPLETED' : 'REFUNDED';

/** How a call ended. That of a killed process is an error, which is not news. */
const ending = (call: Promise<unknown>): Promise<string> => call.then(String, String);

/** `ended`: how what was begun came to an end, which it must not before the kill. */
type Begun = { instance: Instance; ended?: Promise<string> };

/** Begins something that comes to the point, kills the process there, and shows that it was there. */
async function killAt(
  point: Point,
  aim: Aim,
  begin: () => Promise<Begun>,
): Promise<(() => void) | undefined> {
  const stop = point.arrange(aim);
  const { instance, ended } = await begin();
  await reach(stop.reached, ended);
  await instance.kill();
  expect(await look(aim.world, aim.subject)).toMatchObject(point.stands);
  await ended;
  return stop.release;
}

async function killRecovery(
  point: Point,
  aim: Omit<Aim, 'instance' | 'key'>,
): Promise<(() => void) | undefined> {
  const { world, subject } = aim;
  const key = await keyOf(world, subject);
  await letLeasesEnd(world);
  return killAt(point, { ...aim, instance: undefined, key: () => key }, async () => ({
    instance: await world.start(),
  }));
}

/** As if the 45 s had passed for which nobody else takes up what the killed one was working on. */
const letLeasesEnd = ({ sql }: World) =>
  sql(`update payment.gateway_task set claimed_until = now(), due_at = now()`);

const declineOf = ({ gateway }: World, { on, reservationId }: Subject) =>
  gateway.behave({ on, reservationId, then: { decline: declineCode } });

const slowDown = ({ gateway }: World, { on, reservationId }: Subject, delayMs: number) =>
  gateway.behave({ on, reservationId, then: { delayMs } });

/** The key by which the gateway was asked. */
const keySeen = ({ gateway }: World, { on, reservationId }: Subject) =>
  gateway.requests().find((request) => request.on === on && request.reservationId === reservationId)?.key;

/** Until the gateway has told somebody who asked again that it is still at it. */
const untilTurnedAway = ({ gateway }: World, { on, reservationId }: Subject) =>
  eventually(() => {
    const requests = gateway.requests().filter((request) => request.on === on);
    const turnedAway = requests.some(
      (request) => request.reservationId === reservationId && request.answer === 409,
    );
    if (!turnedAway) throw new Error('nobody was told that it is under way');
  });

/** Fails at once if all is over before the point was reached. */
async function reach(reached: Promise<unknown>, ended: Promise<string> | undefined): Promise<void> {
  const tooLate = new AbortController();
  const waiting = pause(reachWithinMs, `${reachWithinMs} ms`, { signal: tooLate.signal }).catch(() => '');
  const instead = Promise.race([waiting, ...(ended ? [ended] : [])]).then((end) => {
    throw new Error(`the process did not come to its point: ${end}`);
  });
  await Promise.race([reached, instead]).finally(() => {
    tooLate.abort();
    instead.catch(() => undefined);
  });
}
