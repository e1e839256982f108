import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { specFolder } from './spec-folder.fixture.ts';

describe('Kafka without Java', () => {
  it('says what to install', async () => {
    await using folder = await specFolder();
    const script = `
      const { runKafkaTool } = await import(${JSON.stringify(join(import.meta.dirname, 'java.ts'))});
      await runKafkaTool({ classPath: '.', mainClass: 'kafka.Kafka', args: [] }).catch((error) => console.log(error.message));`;
    const options = { env: { PATH: folder.path }, extendEnv: false };
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], options);
    expect(stdout).toBe(
      'Kafka needs Java, and `java` is not on PATH: install Java 17 or newer and Maven (Debian: apt install maven brings both).',
    );
  });
});
