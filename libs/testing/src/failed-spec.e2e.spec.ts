import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { testServers } from './index.ts';

const root = join(import.meta.dirname, '../../..');

/** Runs jest on a spec with this content, on this run's servers or on servers of its own. */
async function runSpec(
  content: string,
  env: Record<string, string>,
): Promise<{ exitCode: number; output: string }> {
  const file = join(import.meta.dirname, `planted-${process.pid}.int.spec.ts`);
  await writeFile(file, `import { expect, it } from '@jest/globals';\n${content}`);
  try {
    const jest = [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--selectProjects',
      'integration',
    ];
    const { exitCode, all } = await execa('node', [...jest, '--runTestsByPath', file], {
      cwd: root,
      env,
      reject: false,
      all: true,
    });
    return { exitCode: exitCode ?? 1, output: all };
  } finally {
    await rm(file, { force: true });
  }
}

const onTheseServers = () => {
  const { postgresUrl, kafkaBrokers } = testServers();
  return { TEST_DATABASE_URL: postgresUrl, TEST_KAFKA_BROKERS: kafkaBrokers.join(',') };
};

const ownServers = { TEST_DATABASE_URL: '', TEST_KAFKA_BROKERS: '' };

describe('a run of specs', () => {
  it('keeps and names the database and the topic of a spec that failed', async () => {
    const { exitCode, output } = await runSpec(
      `import { throwAwayDatabase, throwAwayTopic } from './index.ts';
       it('fails', async () => {
         await using database = await throwAwayDatabase();
         await using topic = await throwAwayTopic();
         expect([database.url, topic.topic]).toEqual([]);
       });`,
      onTheseServers(),
    );
    expect(exitCode).toBe(1);
    expect(output).toMatch(/the failed spec's database is kept: postgres:\/\/\S+\/spec_\d+_\w+/);
    expect(output).toMatch(/the failed spec's topic is kept: spec-\d+-\w+ at 127/);
  });

  it('fails when a spec leaves a process behind, names it and ends it', async () => {
    const { exitCode, output } = await runSpec(
      `import { spawn } from 'node:child_process';
       it('passes', () => {
         spawn('sleep', ['123'], { detached: true, stdio: 'ignore' }).unref();
       });`,
      // What leaked stays for ever: there is no need to give it long.
      { ...ownServers, SPEC_LEFTOVERS_MS: '3000' },
    );
    expect(output).toMatch(/specs left processes behind \(ended now\):[^]*\n\s+\d+ sleep 123/);
    expect(exitCode).not.toBe(0);
  }, 240_000);
});
