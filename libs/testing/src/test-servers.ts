import { givenServers, type TestServers } from './config.ts';

/**
 * The PostgreSQL and the Kafka that were booted once for this run.
 *
 * @throws Error in a spec of the unit suite, which has none.
 */
export function testServers(): TestServers {
  const servers = givenServers();
  if (servers) return servers;
  throw new Error(
    'No servers in this suite: name the file *.int.spec.ts or *.e2e.spec.ts, or set TEST_DATABASE_URL and TEST_KAFKA_BROKERS.',
  );
}
