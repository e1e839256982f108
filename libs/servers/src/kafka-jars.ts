import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheFolder } from './config.ts';
import { makeOnce } from './make-once.ts';
import { ServerError } from './server-error.ts';

const pom = join(import.meta.dirname, '../../../tools/kafka/pom.xml');

/** How to install what Kafka needs; for error messages. */
export const javaRemedy = 'install Java 17 or newer and Maven (Debian: apt install maven brings both)';

/**
 * Fetches Kafka, as `tools/kafka/pom.xml` describes it, from Maven Central into the cache: once, a 54 MB download. A changed pom
 * is fetched anew.
 *
 * @returns the class path.
 * @throws ServerError `tool-missing` without Maven, `start-failed` when Maven fails.
 */
export async function fetchKafka(
  options: { log?: ((line: string) => void) | undefined } = {},
): Promise<string> {
  const log = options.log ?? (() => undefined);
  const key = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(), `kafka-${key}`);
  await makeOnce({
    folder,
    make: (unfinished) => copyDependencies(unfinished, log),
    onWaiting: () => log('Kafka: another process is fetching it, waiting for that'),
    timeoutMs: 600_000,
  });
  return join(folder, '*');
}

async function copyDependencies(outputDirectory: string, log: (line: string) => void): Promise<void> {
  log('Kafka: fetching it from Maven Central (once, a 54 MB download)');
  const goal = [
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${outputDirectory}`,
  ];
  const maven = execa('mvn', ['-B', '-f', pom, ...goal], { reject: false, all: true });
  let fetched = 0;
  maven.stdout.on('data', (chunk: Buffer) => {
    const files = chunk.toString().match(/Downloaded from \S+ \S+\.jar/g) ?? [];
    if (Math.floor((fetched + files.length) / 20) > Math.floor(fetched / 20))
      log(`Kafka: ${fetched + files.length} files fetched`);
    fetched += files.length;
  });
  const { failed, code, all, shortMessage } = await maven;
  if (!failed) return;
  if (code === 'ENOENT')
    throw new ServerError(
      'tool-missing',
      `Kafka cannot be fetched, since \`mvn\` is not on PATH: ${javaRemedy}.`,
    );
  const errors = all.split('\n').filter((line) => line.startsWith('[ERROR]'));
  throw new ServerError(
    'start-failed',
    `Maven could not fetch Kafka (${shortMessage}):\n${errors.slice(0, 5).join('\n')}`,
  );
}
