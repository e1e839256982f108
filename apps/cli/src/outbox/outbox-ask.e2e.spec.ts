import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCommand } from '../start-command.fixture.ts';
import { outboxWithClient } from './outbox-with-client.fixture.ts';

let database: Awaited<ReturnType<typeof outboxWithClient>>;
let id: string;
beforeEach(async () => {
  database = await outboxWithClient();
  id = await database.append('k');
  await database.append('k');
  await database.park('k');
});
afterEach(() => database[Symbol.asyncDispose]());

const start = (...args: string[]) => startCommand('outbox', args, { DATABASE_URL: database.url });

interface Request {
  number: string;
  kind: string;
  key: string | null;
  finished: boolean;
}
const requests = async () =>
  (
    await database.client.query<Request>(
      'select number, kind, key, finished_at is not null as finished from outbox.request order by number',
    )
  ).rows;

/** Writes down that the requests are carried out, as the owner of their lanes does. */
const carryOut = (outcome: string) =>
  database.client.query(
    `update outbox.request set count = 2, finished_at = now(), outcome = $1 where finished_at is null`,
    [outcome],
  );

describe('outbox release', () => {
  it('waits until the owner of the lane has carried it out, tells how far it is, and prints all of what became of it', async () => {
    await database.ownLanes();
    const releasing = start('release', 'k', '--yes');
    await releasing.said('waiting for the owner of lane');
    expect(await requests()).toMatchObject([{ kind: 'RELEASE', key: 'k', finished: false }]);
    const outcome = `2 messages published; one was refused (${'too large '.repeat(40)}): discard it`;
    await carryOut(outcome);
    const { exitCode, stdout, stderr } = await releasing.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/RELEASE +│ +2 │\n/);
    expect(stdout).toContain(`\nrequest 1: ${outcome}\n`);
    expect(stderr).toMatch(/^Publishes 2 parked messages of key "k", in order\.\n0 messages so far, waiting/);
  });

  it('does nothing without a yes where there is no terminal', async () => {
    const { exitCode, stderr } = await start('release', '--all').ended;
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'Publishes 2 parked messages, in order. There is no terminal to ask on: say --yes to do it\n(--help explains)\n',
    );
    expect(await requests()).toEqual([]);
  });

  it('leaves the request standing when it is interrupted, and says so', async () => {
    await database.ownLanes();
    const releasing = start('release', '--all', '--topic', 'order', '--yes');
    await releasing.said('waiting for the owner of lane');
    releasing.interrupt();
    const { exitCode, stderr } = await releasing.ended;
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/\(request 1\); it stands, and is carried out without you/);
    expect(await requests()).toMatchObject([{ finished: false }]);
  });
});

describe('outbox release, when its connection is lost while it waits', () => {
  it('says that the request stands', async () => {
    await database.ownLanes();
    const releasing = start('release', 'k', '--yes');
    await releasing.said('waiting for the owner of lane');
    await database.client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'outbox command' and datname = current_database()`,
    );
    const { exitCode, stderr } = await releasing.ended;
    expect(stderr).toMatch(/PostgreSQL is not available: [^\n]+\nAsked for \(request 1\); it stands/);
    expect(stderr).not.toContain('    at ');
    expect(exitCode).toBe(2);
  });
});

describe('outbox discard and republish', () => {
  it('say that a request is carried out when a relay runs, where none does', async () => {
    const { exitCode, stdout, stderr } = await start('discard', id, '--yes', '--json').ended;
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      end: 'UNOWNED',
      requests: [{ kind: 'DISCARD', finishedAt: null }],
    });
    expect(stderr).toContain('no relay works for it now: it is carried out when one runs');
    expect((await start('status').ended).stdout).toMatch(/DISCARD order k/);
  });

  it('notice that the owner of the lane goes away while they wait', async () => {
    const owner = await database.ownLanes();
    const republishing = start('republish', '--since', '1h', '--key', 'k', '--yes');
    await republishing.said('waiting for the owner of lane');
    await owner.query('select pg_advisory_unlock_all()');
    expect(await republishing.ended).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no relay works'),
    });
  });

  it('ask and do not wait with --no-wait; all lanes share a line', async () => {
    await database.ownLanes();
    const { exitCode, stdout, stderr } = await start('republish', '--since', '2h', '--yes', '--no-wait')
      .ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/1-16 +│ 0-15 +│ REPUBLISH +│ +0 │\n[^]*\nrequest 1-16: not finished\n/);
    expect(stderr).toMatch(/\(request 1-16\); its relay carries it out/);
    expect(await requests()).toHaveLength(16);
  });
});
