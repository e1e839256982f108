import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { classArchive, javaArguments, runKafkaTool } from './java.ts';
import { fetchKafka } from './kafka-jars.ts';
import { nodeProperties, writeProperties } from './kafka-settings.ts';
import { makeOnce } from './make-once.ts';
import { freePort } from './ports.ts';

/**
 * Everything that is done once for a version of Kafka: it is fetched, and its classes are archived.
 *
 * @returns the class path.
 * @throws ServerError as `fetchKafka` does.
 */
export async function prepareKafka(
  options: { log?: ((line: string) => void) | undefined } = {},
): Promise<string> {
  const log = options.log ?? (() => undefined);
  const classPath = await fetchKafka({ log });
  await archiveClasses({ classPath, log });
  return classPath;
}

/**
 * Lets a throw-away broker run once and keeps the classes it loaded in an archive that Java maps into memory afterwards
 * (dynamic class data sharing): a broker is then up in 1.0 s instead of 2.0, with half of the processor time. Done once for each
 * version of Kafka, in about 6 s. An archive of another Java is ignored by Java; where none can be made, Kafka starts without.
 */
async function archiveClasses(options: { classPath: string; log: (line: string) => void }): Promise<void> {
  const { classPath, log } = options;
  await makeOnce({
    folder: classArchive(classPath).folder,
    make: async (unfinished) => {
      log('Kafka: preparing quick starts (once, some seconds)');
      await recordClasses(classPath, join(unfinished, classArchive(classPath).name)).catch(
        (error: unknown) => {
          log(`Kafka: will start more slowly, since its classes could not be archived (${String(error)})`);
        },
      );
    },
    onWaiting: () => log('Kafka: another process is preparing quick starts, waiting for that'),
    timeoutMs: 120_000,
  });
}

async function recordClasses(classPath: string, archive: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'payments-kafka-'));
  try {
    const properties = await formatted(classPath, folder);
    const recorded = join(folder, 'recorded.jsa');
    const java = javaArguments({
      classPath,
      mainClass: 'kafka.Kafka',
      logConfig: 'log4j2.properties',
      heapMb: 512,
    });
    const broker = execa('java', [`-XX:ArchiveClassesAtExit=${recorded}`, ...java, properties], {
      reject: false,
      timeout: 90_000,
      // The archive is written after SIGTERM, for some seconds.
      forceKillAfterDelay: false,
    });
    for await (const line of broker) {
      if (line.includes('Kafka Server started')) broker.kill('SIGTERM');
    }
    await broker;
    await copyFile(recorded, archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A node's configuration, and its formatted folder. */
async function formatted(classPath: string, folder: string): Promise<string> {
  const controller = { id: 1, port: await freePort() };
  const node = {
    roles: 'broker,controller' as const,
    brokerPort: await freePort(),
    controller,
    brokers: 1,
    settings: {},
  };
  const properties = { ...nodeProperties(node), 'node.id': '1', 'log.dirs': join(folder, 'data') };
  const file = join(folder, 'server.properties');
  await writeProperties(file, properties);
  const args = ['format', '--cluster-id', 'cGF5bWVudHMtYXJjaGl2ZQ', '--config', file];
  await runKafkaTool({ classPath, mainClass: 'kafka.tools.StorageTool', args });
  return file;
}
