import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const tools = (env: NodeJS.ProcessEnv) =>
  execa(process.execPath, [join(import.meta.dirname, 'tools.ts')], { env, extendEnv: false, reject: false });

describe('npm run tools', () => {
  it('says in one line each what is needed when Maven and Go are missing, and fails', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'payments-tools-'));
    const { exitCode, stdout, stderr } = await tools({ PATH: empty, XDG_CACHE_HOME: empty });
    await rm(empty, { recursive: true });
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^Kafka cannot be fetched, since `mvn` is not on PATH: install Java 17 or newer and Maven/,
      ),
      expect.stringMatching(/^Docker Compose cannot be built, since `go` is not on PATH: install Go 1\.26/),
      expect.stringMatching(/^Jaeger cannot be built, since `go` is not on PATH: install Go 1\.26 or newer/),
      expect.stringMatching(/^Kubernetes cannot be built, since `go` is not on PATH: install Go 1\.26/),
    ]);
    expect(stdout).not.toContain('ready');
    expect(exitCode).toBe(1);
  });
});
