import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, startService, testServers, throwAwayTopic } from '@payments/testing';
import { startCommand } from '../start-command.fixture.ts';
import { outboxWithClient } from './outbox-with-client.fixture.ts';

let database: Awaited<ReturnType<typeof outboxWithClient>>;
beforeAll(async () => (database = await outboxWithClient()));
afterAll(() => database[Symbol.asyncDispose]());

const outbox = (...args: string[]) => startCommand('outbox', args, { DATABASE_URL: database.url }).ended;

describe('outbox status', () => {
  it('says what waits while no relay runs, and ends with 2; with a relay all is published, and it ends with 0', async () => {
    await using own = await outboxWithClient();
    await using kafka = await throwAwayTopic();
    const env = { DATABASE_URL: own.url };
    await own.client.query(`select outbox.append($1, 'k', 'Placed', 'x'::bytea)`, [kafka.topic]);
    const without = await startCommand('outbox', ['status'], env).ended;
    expect(without).toMatchObject({ exitCode: 2, stderr: '' });
    expect(without.stdout).toMatch(
      /^1 message waits, the oldest for [\d.]+ \w+; nobody owns any lane: no relay runs\n/,
    );
    expect(without.stdout).toMatch(/0-15 +│ nobody/);

    await using relay = await startService({
      app: 'relay',
      env: { ...env, KAFKA_BROKERS: testServers().kafkaBrokers.join(',') },
    });
    await relay.ready();
    await eventually(async () => {
      const { exitCode, stdout } = await startCommand('outbox', ['status'], env).ended;
      expect(stdout).toMatch(/^all published\n/);
      expect(stdout).toMatch(/0-15 +│ outbox relay, pid \d+ from 127\.0\.0\.1:\d+ +│ .* ago/);
      expect(exitCode).toBe(0);
    });
  }, 120_000);

  it('names the transaction that holds messages back, what is parked, and what is asked of the relays', async () => {
    await using own = await outboxWithClient();
    await own.append('parked-key');
    await own.park('parked-key');
    await own.client.query(`insert into outbox.request (lane, kind, key) values (3, 'RELEASE', 'asked-key')`);
    await own.client.query('begin');
    await own.append('held-key');
    const { stdout } = await startCommand('outbox', ['status', '--database', own.url]).ended;
    expect(stdout).toMatch(/1 key is parked, with 1 message\n/);
    expect(stdout).toMatch(/order +│ parked-key +│ +1 .*MESSAGE_TOO_LARGE: it is too large/);
    expect(stdout).toMatch(
      /pid \d+ .*idle in transaction +│ its messages, old slots +│ select outbox\.append/,
    );
    expect(stdout).toMatch(/3 │ RELEASE asked-key/);
    await own.client.query('rollback');
  });

  it('is JSON on demand, with every lane', async () => {
    const { stdout } = await outbox('status', '--json');
    const status = JSON.parse(stdout) as { headline: string; lanes: unknown[] };
    expect(status.headline).toContain('no relay runs');
    expect(status.lanes).toHaveLength(16);
  });

  it('finds the system that runs in a state folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stack-'));
    await writeFile(join(folder, 'stack.json'), JSON.stringify({ postgres: { url: database.url } }));
    const { stdout } = await startCommand('outbox', ['parked'], { LOCAL_STATE_DIR: folder }).ended;
    await rm(folder, { recursive: true });
    expect(stdout).toBe('nothing is parked\n');
  });
});

describe('outbox list and show', () => {
  it('list the newest first, and one message with its payload only on demand', async () => {
    const first = await database.append('listed', 'the first');
    const second = await database.append('listed', 'the second');
    const list = JSON.parse((await outbox('list', '--key', 'listed', '--json')).stdout) as {
      messages: object[];
    };
    expect(list).toMatchObject({ messages: [{ id: second, status: 'INIT' }, { id: first }], complete: true });
    const { stdout } = await outbox('list', '--status', 'init', '--topic', 'order', '--limit', '1');
    expect(stdout).toContain(second);
    expect(stdout).not.toContain(first);
    expect((await outbox('list', '--status', 'PARKED')).stdout).toBe('no message fits\n');

    const shown = await outbox('show', first);
    expect(shown.stdout).toMatch(/status +INIT\n/);
    expect(shown.stdout).not.toContain('the first');
    expect((await outbox('show', first, '--payload')).stdout).toContain('the first');
    expect((await outbox('show', first, '--json')).stdout).not.toContain('"payload"');
    expect(JSON.parse((await outbox('show', first, '--json', '--payload')).stdout)).toMatchObject({
      messages: [{ id: first, payloadBytes: 9, payload: Buffer.from('the first').toString('base64') }],
    });
  });
});

describe('outbox', () => {
  const id = '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f';

  it.each([
    [['show', id], `There is no message ${id}`],
    [['release', 'unknown'], 'Nothing is parked of key "unknown": `npm run outbox -- parked` lists what is.'],
    [['discard', id, '--yes'], `No message ${id} is parked`],
  ])('says what %j asks for in vain', async (args, message) => {
    const { exitCode, stdout, stderr } = await outbox(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([
    [['relese'], `unknown command 'relese'`],
    [['show'], `missing required argument 'id'`],
    [['show', '7'], 'It must be a UUID, such as'],
    [['discard', 'x'], 'It must be a UUID, such as'],
    [['list', '--status', 'x'], 'It must be one of INIT, PUBLISHED, PARKED, DISCARDED.'],
    [['list', '--limit', '0'], 'It must be a number from 1 to 1000.'],
    [['release', 'k', '--all'], 'name a key or say --all, not both'],
    [['release'], 'name the key to release, or say --all'],
    [['republish'], `required option '--since <time>'`],
    [['republish', '--since', 'monday'], '--since is "monday": write a time such as'],
    [['republish', '--since', '2h'], 'There is no terminal to ask on: say --yes'],
    [['status', '--database', 'mysql://u:secret@h/x'], '--database must be a PostgreSQL URL, for example'],
  ])('says what is wrong with %j, and that --help explains', async (args, message) => {
    const { exitCode, stdout, stderr } = await outbox(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('(--help explains)');
    expect(stderr).not.toContain('secret');
  });

  it('names the server that does not answer, without its password, and the remedy', async () => {
    const { exitCode, stderr } = await outbox(
      'status',
      '--database',
      'postgres://u:secret@127.0.0.1:1/payments?password=secret',
    );
    expect(stderr).not.toContain('secret');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/ECONNREFUSED.*postgres:\/\/u:\*\*\*@127\.0\.0\.1:1\/payments.*--database/);
  });

  it('ends in silence when its reader has read enough', async () => {
    await database.client.query(
      `select outbox.append(array_agg('order'::text), array_agg('many'::text), array_agg('Placed'::text),
                            array_agg('x'::bytea), array_agg('{}'::jsonb), array_agg(gen_random_uuid()))
         from generate_series(1, 1000)`,
    );
    const running = startCommand('outbox', ['list', '--limit', '1000', '--json'], {
      DATABASE_URL: database.url,
    });
    running.closeStdout();
    expect(await running.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    [['show', '7']],
    [['relese']],
    [['release']],
    [['republish', '--since', 'monday']],
    [['release', '--all']],
    [['status', '--database', 'mysql://u:secret@h/x']],
  ])('prints JSON on demand, also where %j is typed wrong', async (args) => {
    const { exitCode, stdout } = await outbox(...args, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String) },
    });
    expect(stdout).not.toContain('secret');
    expect(exitCode).toBe(1);
  });

  it('keeps what strangers wrote away from the terminal in JSON too, and unchanged', async () => {
    const key = 'a\u009b2Jb\u202ec\u007f';
    await database.append(key);
    const { stdout } = await outbox('list', '--key', key, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ messages: [{ key }] });
    expect(stdout).not.toMatch(/[\u007f-\u009f\u202e]/);
  });

  it('prints refusals as JSON on demand', async () => {
    const { stdout } = await outbox('show', id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { message: expect.stringContaining('There is no message') },
    });
  });

  it.each([[[]], [['status']], [['release']]])(
    'documents its exit codes in the help of %j',
    async (command) => {
      const { exitCode, stdout } = await outbox(...command, '--help');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 [^]*\n {2}2 /);
    },
  );
});
