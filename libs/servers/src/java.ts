import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { javaRemedy } from './kafka-jars.ts';
import { ServerError } from './server-error.ts';

// Small and quick to start rather than quick for hours: one compiler tier, one collector thread.
const frugal = [
  '-Xlog:disable',
  '-Xlog:all=warning:stderr',
  '-Xms64m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Djava.awt.headless=true',
];

/** Where the classes of this class path are archived (see `prepareKafka`), if they are. */
export function classArchive(classPath: string): { folder: string; name: string } {
  return { folder: `${dirname(classPath)}-classes`, name: 'kafka.jsa' };
}

/** Arguments that make `java` run `mainClass` with a logger configuration of ours and at most `heapMb` of heap. */
export function javaArguments(options: {
  classPath: string;
  mainClass: string;
  logConfig: 'log4j2.properties' | 'log4j2-tools.properties';
  heapMb: number;
}): string[] {
  const { folder, name } = classArchive(options.classPath);
  const archive = join(folder, name);
  const quick = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
  const logging = `-Dlog4j2.configurationFile=${join(import.meta.dirname, '../kafka', options.logConfig)}`;
  return [
    ...frugal,
    ...quick,
    `-Xmx${options.heapMb}m`,
    logging,
    '-cp',
    options.classPath,
    options.mainClass,
  ];
}

/**
 * Runs one of Kafka's own Java tools to its end and returns what it printed.
 *
 * @throws ServerError `tool-missing` without Java, `kafka` with the tool's complaint.
 */
export async function runKafkaTool(options: {
  classPath: string;
  mainClass: string;
  args: readonly string[];
  /** Its standard input. Default: none. */
  input?: string;
}): Promise<string> {
  const { classPath, mainClass, args, input = '' } = options;
  const java = javaArguments({ classPath, mainClass, logConfig: 'log4j2-tools.properties', heapMb: 256 });
  const { failed, code, stdout, stderr, shortMessage } = await execa('java', [...java, ...args], {
    reject: false,
    // A topic read whole is larger than execa expects.
    maxBuffer: 500_000_000,
    input,
    stripFinalNewline: false,
  });
  if (!failed) return stdout;
  if (code === 'ENOENT')
    throw new ServerError('tool-missing', `Kafka needs Java, and \`java\` is not on PATH: ${javaRemedy}.`);
  throw new ServerError('kafka', explain(mainClass, stderr || stdout || (shortMessage ?? 'no output')));
}

function explain(mainClass: string, output: string): string {
  if (output.includes('UnsupportedClassVersionError'))
    return `this Java is too old for Kafka: ${javaRemedy}.`;
  return `${mainClass} failed: ${output.trim().split('\n').slice(-5).join('\n')}`;
}
