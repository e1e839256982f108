import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@payments/testing';
import { paymentKills } from './config.ts';
import { requireAgreement } from './payment-killed/agreement.fixture.ts';
import { callPoints, recoveryPoints } from './payment-killed/points.fixture.ts';
import { drawRound, everyPoint, killsOf, type Round } from './payment-killed/rounds.fixture.ts';
import { runRound } from './payment-killed/run-round.fixture.ts';
import { anOrder, finalAnswer } from './payment-killed/subject.fixture.ts';
import { openWorld } from './payment-killed/world.fixture.ts';

/** Worlds side by side: most of a round is a process that starts. */
const worlds = 2;

describe('a payment service that is killed', () => {
  it('at every point of a charge, of a refund and of their recovery, moves money once and tells what it moved', async () => {
    const rounds = planRounds();
    const agreed = await Promise.all(startWorlds(rounds));
    const sum = (count: (one: (typeof agreed)[number]) => number) =>
      agreed.reduce((total, one) => total + count(one), 0);
    const points = new Set(rounds.flatMap(({ call, recovery = call }) => [call, recovery]));
    console.log(
      `${sum(({ kills }) => kills)} kills at ${points.size} points, ${sum(({ payments }) => payments)} payments: ` +
        `${sum(({ charged }) => charged)} charged, ${sum(({ refunded }) => refunded)} paid back, ` +
        `${sum(({ events }) => events)} events; ledger, payments, history and events are equal`,
    );
    expect(points.size).toBe(Object.keys({ ...callPoints, ...recoveryPoints }).length);
    expect(sum(({ kills }) => kills)).toBe(rounds.reduce((total, round) => total + killsOf(round), 0));
  }, 3_600_000);

  it('would be found out: a charge that nobody stored, and an event that is not there', async () => {
    await using world = await openWorld();
    const { client } = await world.start();
    await finalAnswer(anOrder(), client);
    expect(await requireAgreement(world)).toEqual({ payments: 1, charged: 1, refunded: 0, events: 1 });
    await world.sql(`update payment.payment set amount_minor = amount_minor + 1`);
    await expect(requireAgreement(world)).rejects.toThrow(
      /the gateway says.*its history says.*its events say/s,
    );
    await world.sql(`update payment.payment set amount_minor = amount_minor - 1`);
    await requireAgreement(world);
    const body = { user_id: 'u-1', reservation_id: 'r-1', amount_minor: '1000', currency: 'KRW' };
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    await fetch(`${world.gateway.url}/charges`, { method: 'POST', headers, body: JSON.stringify(body) });
    await expect(requireAgreement(world)).rejects.toThrow('the gateway moved money for no payment');
  }, 120_000);
});

/** Every point, and beyond that as many rounds of the seed as make up the kills asked for. */
function planRounds(): Round[] {
  const { kills, seed } = paymentKills();
  const random = seededRandom(seed);
  const rounds = [...everyPoint];
  for (let planned = countKills(rounds); planned < kills; planned = countKills(rounds))
    rounds.push(drawRound(random));
  return rounds;
}

const countKills = (rounds: Round[]) => rounds.reduce((total, round) => total + killsOf(round), 0);

/** Deals the rounds out. When one world fails, the others end with their round, and only then is it told. */
function startWorlds(rounds: Round[]) {
  const failed = new AbortController();
  const runs = Array.from({ length: worlds }, (_, world) => {
    const own = rounds.filter((_round, at) => at % worlds === world);
    return run(own, failed.signal).catch((error: unknown) => {
      failed.abort();
      throw error;
    });
  });
  const ended = Promise.allSettled(runs);
  return runs.map((one) => one.finally(() => ended));
}

/** The rounds of one world, one after the other; all sides are compared after each. */
async function run(rounds: Round[], stop: AbortSignal) {
  await using world = await openWorld();
  let instance = await world.start();
  await instance.ready();
  let kills = 0;
  for (const round of rounds) {
    if (stop.aborted) break;
    try {
      instance = await runRound(world, instance, round);
      await requireAgreement(world);
    } catch (error) {
      throw new Error(`in the round ${JSON.stringify(round)}`, { cause: error });
    }
    kills += killsOf(round);
  }
  return { ...(await requireAgreement(world)), kills };
}
