import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { startCommand } from '../start-command.fixture.ts';
import { outboxWithClient } from './outbox-with-client.fixture.ts';

let database: Awaited<ReturnType<typeof outboxWithClient>>;
beforeEach(async () => (database = await outboxWithClient()));
afterEach(() => database[Symbol.asyncDispose]());

const outbox = (...args: string[]) => startCommand('outbox', args, { DATABASE_URL: database.url }).ended;

/** As after a restore: the positions are another cluster's. */
const copied = () => database.client.query('update outbox.checkpoint set system_identifier = 1');

describe('outbox adopt', () => {
  it('is named by the status of a copied log, appends what may be unpublished again, and then all is well', async () => {
    const id = await database.append('k');
    await copied();
    const before = await outbox('status');
    expect(before).toMatchObject({ exitCode: 2 });
    expect(before.stdout).toMatch(/^this log was copied from another database cluster.*outbox -- adopt/);
    const adopted = await outbox('adopt', '--yes');
    expect(adopted).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('Sets this copied log aside'),
    });
    expect(adopted.stdout).toMatch(/^1 message of 1 appended again/);
    const { stdout } = await outbox('list', '--status', 'INIT', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ messages: [{ id, seq: '2' }] });
    expect((await outbox('status')).stdout).toMatch(/^1 message waits/);
  });

  it('keeps the position on demand', async () => {
    await copied();
    const { exitCode, stdout } = await outbox('adopt', '--keep-position', '--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ keptPosition: true, adopted: 0 });
  });

  it('makes no outbox in a database that has none', async () => {
    await using other = await throwAwayDatabase();
    const { exitCode, stderr } = await startCommand('outbox', ['adopt', '--yes'], { DATABASE_URL: other.url })
      .ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/There is no outbox in database ".*": name another database/);
    const client = new pg.Client({ connectionString: other.url });
    await client.connect();
    const { rows } = await client.query(`select to_regnamespace('outbox') is null as none`);
    await client.end();
    expect(rows).toEqual([{ none: true }]);
  });

  it('does nothing without a yes where there is no terminal, nor to a log of this cluster, nor beside a relay', async () => {
    await copied();
    expect(await outbox('adopt')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('say --yes'),
    });
    await database.ownLanes();
    expect(await outbox('adopt', '--yes')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('stop the relays'),
    });
    await using own = await outboxWithClient();
    const native = await startCommand('outbox', ['adopt', '--yes'], { DATABASE_URL: own.url }).ended;
    expect(native).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is nothing to adopt'),
    });
  });
});
