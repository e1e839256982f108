import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { isAlive } from './is-alive.ts';
import { pollUntil } from './poll-until.ts';
import { startPostgres } from './postgres.ts';
import { specFolder } from './spec-folder.fixture.ts';

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => undefined); // the server is stopped under it
  await client.connect();
  return client;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connect(url);
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

describe('startPostgres', () => {
  it('keeps what was committed, and nothing else, over an immediate stop', async () => {
    await using folder = await specFolder();
    await using postgres = await startPostgres({ dataDir: folder.path });
    const writer = await connect(postgres.url);
    await writer.query('create table kept (id int)');
    await writer.query('insert into kept values (1)');
    await writer.query('begin');
    await writer.query('insert into kept values (2)');
    const { port, pid } = postgres;

    await postgres.stop('immediate');
    expect(isAlive(pid)).toBe(false);
    await postgres.start();

    expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 1 }]);
    expect(postgres.port).toBe(port);
    expect(postgres.pid).not.toBe(pid);
    // The proof that it was a crash: the server recovered from one.
    expect(await readFile(postgres.logFile, 'utf8')).toContain('database system was not properly shut down');
  });

  it('keeps its data for the next process, and answers on loopback with dev settings', async () => {
    await using folder = await specFolder();
    {
      await using first = await startPostgres({ dataDir: folder.path });
      await query(first.url, 'create table kept as select 7 as id');
    }
    await using second = await startPostgres({ dataDir: folder.path, settings: { max_connections: '33' } });
    expect(await query(second.url, 'select id from kept')).toEqual([{ id: 7 }]);
    const [settings] = await query(
      second.url,
      `select current_setting('listen_addresses') as address, current_setting('max_connections') as connections,
              current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
              current_setting('server_version_num')::int / 10000 as version`,
    );
    expect(settings).toEqual({
      address: '127.0.0.1',
      connections: '33',
      fsync: 'on',
      encoding: 'UTF8',
      version: 18,
    });
    expect(await readFile(second.logFile, 'utf8')).not.toContain('not properly shut down');
  });

  it('names a taken port and a folder in use, with the remedy', async () => {
    await using folder = await specFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startPostgres({ dataDir: folder.path, port })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(`127.0.0.1:${port}`) as unknown,
    });
    other.close();
    await using postgres = await startPostgres({ dataDir: folder.path });
    await expect(startPostgres({ dataDir: folder.path })).rejects.toMatchObject({
      code: 'data-in-use',
      message: expect.stringContaining(`kill -INT ${postgres.pid}`) as unknown,
    });
  });

  it('shows the end of its log when a setting is wrong', async () => {
    await using folder = await specFolder();
    const starting = startPostgres({ dataDir: folder.path, settings: { shared_buffers: 'plenty' } });
    await expect(starting).rejects.toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"') as unknown,
    });
  });

  it('ends, cleanly, when the process that started it is killed', async () => {
    await using folder = await specFolder();
    const start = `
      const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))});
      const { pid } = await startPostgres({ dataDir: ${JSON.stringify(folder.path)} });
      console.log(pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', start], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await pollUntil({ for: 'PostgreSQL to end', timeoutMs: 15_000 }, () =>
      Promise.resolve(isAlive(pid) ? undefined : true),
    );
    expect(await readFile(join(folder.path, 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
  });
});
