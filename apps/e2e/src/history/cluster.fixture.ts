import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  startKafka,
  startPostgres,
  type RunningKafka,
  type RunningPostgres,
} from '@payments/servers';
import { brokerDoor, type BrokerDoor } from './broker-door.fixture.ts';

/** Servers of a spec's own: a PostgreSQL, and three brokers, each behind a proxy. */
export interface Cluster extends AsyncDisposable {
  postgres: RunningPostgres;
  kafka: RunningKafka;
  /** In the order of the brokers. */
  doors: readonly BrokerDoor[];
}

/** Starts the servers. What they are told serves speed alone: a killed process loses nothing that it has handed to the system. */
export async function startCluster(): Promise<Cluster> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-history-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const ports = [await freePort(), await freePort(), await freePort()];
  const doors = await Promise.all(ports.map((port) => brokerDoor(`127.0.0.1:${port}`)));
  for (const door of doors) cleanup.use(door);
  const [postgres, kafka] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres'), settings: { fsync: 'off', autovacuum: 'off' } }),
    startKafka({
      dataDir: join(folder, 'kafka'),
      brokers: ports.length,
      port: ports,
      advertisedPorts: doors.map(({ proxy }) => proxy.port),
      settings: { 'broker.session.timeout.ms': '6000' },
    }),
  ]);
  cleanup.use(postgres);
  cleanup.defer(() => kafka.kill());
  const running = cleanup.move();
  return { postgres, kafka, doors, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
