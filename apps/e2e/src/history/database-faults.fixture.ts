import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { eventually, type Passing, type TcpProxy, type Verdict } from '@payments/testing';
import { owner } from './relay-faults.fixture.ts';
import { ask, sessionsSeen } from './relay-fleet.fixture.ts';
import { startAgain } from './start-again.ts';
import type { Fault, Stage } from './stage.fixture.ts';

/** `pg_ctl stop -m immediate`, and a start with crash recovery. */
export const databaseCrashed: Fault = async (stage) => {
  const { postgres } = stage.cluster;
  const recoveries = await recoveriesOf(postgres);
  const [busy] = await ask<{ writers: number }>(
    stage.databaseUrl,
    `select count(*)::integer as writers from pg_stat_activity where application_name = 'writer' and state <> 'idle'`,
  );
  await postgres.stop('immediate');
  await startAgain(postgres);
  const recovered = (await recoveriesOf(postgres)) > recoveries;
  return {
    hit: recovered,
    saw: `${busy?.writers ?? 0} transactions open, recovery ${recovered ? 'ran' : 'did not run'}`,
  };
};

const recoveriesOf = async ({ logFile }: { logFile: string }): Promise<number> =>
  (await readFile(logFile, 'utf8')).split('automatic recovery in progress').length;

/** Resets the connections of the relay that has the lanes. PostgreSQL sees its session end. */
export const databaseConnectionsCut: Fault = async (stage, { whom }) => {
  const { name, database } = await owner(stage, whom);
  const sessions = await pidsOf(stage, name);
  const open = database.connections();
  database.cutAll();
  await eventually(async () => {
    const now = await pidsOf(stage, name);
    expect(now.filter((pid) => sessions.includes(pid))).toEqual([]);
  });
  return { hit: open > 0 && sessions.length > 0, saw: `${open} connections of ${name}, sessions ended` };
};

const pidsOf = async ({ databaseUrl }: Stage, relay: string): Promise<number[]> =>
  (await sessionsSeen(databaseUrl)).filter(({ name }) => name === relay).map(({ pid }) => pid);

/** Cuts the answer to a checkpoint off: PostgreSQL has written it, and the relay does not know. */
export const checkpointAnswerCut: Fault = async (stage, { whom }) => {
  const { name, database } = await owner(stage, whom);
  const cut = await cutCheckpointAnswer(database, 5000);
  return { hit: cut, saw: cut ? `cut off on the way to ${name}` : `${name} wrote none within 5 s` };
};

function cutCheckpointAnswer(proxy: TcpProxy, withinMs: number): Promise<boolean> {
  const asked = new Set<number>();
  let armed = true;
  const judge = ({ direction, connection, bytes }: Passing): Verdict => {
    if (!armed) return 'pass';
    if (direction === 'reply') return asked.has(connection) ? 'cut' : 'pass';
    // The name of the prepared statement, in its Bind.
    if (bytes.includes('outbox checkpoint\0')) asked.add(connection);
    return 'pass';
  };
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => {
      armed = false;
      resolve(false);
    }, withinMs);
    void proxy.faultWhen(judge).then(() => {
      clearTimeout(giveUp);
      resolve(true);
    });
  });
}
