import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from '@payments/servers';
import { execa } from 'execa';

/** What is measured. Its parent's stand-in is `peers/debezium-server.pom`. */
export const debeziumVersion = '3.6.0.Final';

const group = 'io.debezium';
const parentPom = join(import.meta.dirname, '../../../peers/debezium-server.pom');
/** How long somebody else may take to fetch it, in milliseconds. */
const patienceMs = 30 * 60_000;

interface Telling {
  log: (line: string) => void;
  /** Gives it up. */
  stop: AbortSignal;
}

/**
 * Fetches Debezium Server from Maven Central and unpacks it into the cache, once: 781 MB, and 875 MB unpacked.
 * @returns the folder with its jars
 * @throws Error without Maven, or when it cannot be fetched
 */
export async function fetchDebezium(options: Telling): Promise<string> {
  const { log } = options;
  const folder = join(cacheFolder(), `debezium-server-${debeziumVersion}`);
  await makeOnce({
    folder,
    make: (unfinished) => fetchInto(unfinished, options),
    onWaiting: () => log('Debezium Server: another process is fetching it, waiting for that'),
    timeoutMs: patienceMs,
  });
  return join(folder, 'debezium-server');
}

async function fetchInto(folder: string, { log, stop }: Telling): Promise<void> {
  log('Debezium Server: fetching it from Maven Central (once, 781 MB)');
  await fetchArtifact({ log, stop });
  log('Debezium Server: unpacking it (875 MB)');
  // Maven copies what it has fetched; by itself it would unpack it with wrong names.
  await maven(stop, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`);
  const archive = join(folder, `debezium-server-dist-${debeziumVersion}.tar.gz`);
  await execa('tar', ['xzf', archive, '-C', folder], { cancelSignal: stop });
  await rm(archive);
}

const artifact = `${group}:debezium-server-dist:${debeziumVersion}:tar.gz`;

async function fetchArtifact({ log, stop }: Telling): Promise<void> {
  const get = () => maven(stop, 'dependency:get', '-Dtransitive=false', `-Dartifact=${artifact}`);
  await get().catch(async (error: unknown) => {
    log(`Debezium Server: once more, with a stand-in for its parent (${String(error).split('\n')[0]})`);
    const parent = `-DgroupId=${group} -DartifactId=debezium-server -Dversion=${debeziumVersion}`.split(' ');
    await maven(stop, 'install:install-file', `-Dfile=${parentPom}`, ...parent, '-Dpackaging=pom');
    await get();
  });
}

/** @throws Error with what Maven says is wrong */
async function maven(stop: AbortSignal, ...args: string[]): Promise<void> {
  const {
    failed,
    code,
    all = '',
    shortMessage,
  } = await execa('mvn', ['-B', ...args], {
    reject: false,
    all: true,
    cancelSignal: stop,
  });
  stop.throwIfAborted();
  if (!failed) return;
  if (code === 'ENOENT')
    throw new Error(
      'Debezium Server cannot be fetched, since `mvn` is not on PATH: install Maven (Debian: apt install maven).',
    );
  const errors = all.split('\n').filter((line) => line.startsWith('[ERROR]'));
  throw new Error(
    `Maven could not fetch Debezium Server (${shortMessage}):\n${errors.slice(0, 5).join('\n')}`,
  );
}
