import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import { sessionsSeen, type Relay, type SeenSession } from './relay-fleet.fixture.ts';
import type { Fault, Stage } from './stage.fixture.ts';

/** Whom a fault hits: a number from 0 to below 1 decides where there is a choice. */
type Choose = (stage: Stage, whom: number) => Promise<Relay> | Relay;

/** The relay with the most locks, as PostgreSQL sees it. */
export const owner: Choose = async ({ fleet, databaseUrl }, whom) => {
  const [first] = await sessionsSeen(databaseUrl);
  return fleet.relays.find(({ name }) => name === first?.name) ?? (await any({ fleet } as Stage, whom));
};

export const any: Choose = ({ fleet: { relays } }, whom) => relays[Math.floor(whom * relays.length)] as Relay;

/** SIGKILL; another process takes its place. PostgreSQL sees the session end. */
export const killed =
  (choose: Choose): Fault =>
  async (stage, { whom }) => {
    const relay = await choose(stage, whom);
    const { name } = relay;
    const session = await sessionOf(stage, name);
    const how = await relay.service.kill('SIGKILL');
    const gone = eventually(async () => expect(await sessionOf(stage, name)).toBeUndefined());
    await stage.fleet.restart(relay);
    await gone;
    return { hit: how === 'SIGKILL', saw: `${name} ${held(session)}: ${how}, session gone` };
  };

/** SIGSTOP, and SIGCONT. PostgreSQL hears nothing of it in between. */
export const stopped =
  (choose: Choose): Fault =>
  async (stage, { whom, forMs }) => {
    const { name, service } = await choose(stage, whom);
    service.send('SIGSTOP');
    // A statement that is under way comes to its end.
    await pause(100);
    const before = await sessionOf(stage, name);
    await pause(forMs);
    const after = await sessionOf(stage, name);
    service.send('SIGCONT');
    const silent = after === undefined || after.heard === before?.heard;
    const seen = silent ? 'nothing heard' : 'heard';
    return { hit: silent, saw: `${name} ${held(before)}: ${seen} for ${Math.round(forMs)} ms` };
  };

const sessionOf = async ({ databaseUrl }: Stage, name: string) =>
  (await sessionsSeen(databaseUrl)).find((session) => session.name === name);

const held = (session?: SeenSession): string =>
  session ? `with ${session.locks} locks` : 'without a session';
