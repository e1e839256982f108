/** Where the run's servers are, for the specs of one run. */
export interface TestServers {
  /** URL of the database `postgres`, as a superuser. */
  postgresUrl: string;
  /** `host:port` of each broker. */
  kafkaBrokers: string[];
}

/**
 * The servers given in `TEST_DATABASE_URL` and `TEST_KAFKA_BROKERS` (comma-separated), or undefined. The run's own servers are
 * handed from jest's global setup to its workers in the same variables.
 *
 * @throws Error when only one of the two is given.
 */
export function givenServers(env: NodeJS.ProcessEnv = process.env): TestServers | undefined {
  const postgresUrl = env['TEST_DATABASE_URL'];
  const brokers = env['TEST_KAFKA_BROKERS'];
  if (!postgresUrl && !brokers) return undefined;
  if (!postgresUrl)
    throw new Error('TEST_KAFKA_BROKERS is set without TEST_DATABASE_URL: give both, or neither.');
  if (!brokers)
    throw new Error('TEST_DATABASE_URL is set without TEST_KAFKA_BROKERS: give both, or neither.');
  return { postgresUrl, kafkaBrokers: brokers.split(',') };
}

/** Makes `servers` what `givenServers` finds, here and in every process started from here on. */
export function handOver(servers: TestServers): void {
  process.env['TEST_DATABASE_URL'] = servers.postgresUrl;
  process.env['TEST_KAFKA_BROKERS'] = servers.kafkaBrokers.join(',');
}

/** Marks every process that this run starts, for `processesLeft`. */
export function markRun(mark: string): void {
  process.env['PAYMENTS_SPEC_RUN'] = mark;
}

/** Whether the servers were booted for this run, and go with it. */
export function isOwnRun(): boolean {
  return process.env['PAYMENTS_SPEC_RUN'] !== undefined;
}

/** How long, in milliseconds, what was told to end may still be seen when a run is over: `SPEC_LEFTOVERS_MS`, default 20,000. */
export function leftoversEndWithinMs(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['SPEC_LEFTOVERS_MS'] ?? 20_000);
}

/**
 * The environment of a service under test: this process's, without what jest set, telemetry off and ports chosen by the
 * system, then `env`.
 */
export function serviceEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const ofJest = { NODE_ENV: undefined, NODE_OPTIONS: undefined, JEST_WORKER_ID: undefined };
  const ports = { HTTP_LISTEN: '127.0.0.1:0', GRPC_LISTEN: '127.0.0.1:0' };
  return { ...process.env, ...ofJest, OTEL_SDK_DISABLED: 'true', ...ports, ...env };
}
