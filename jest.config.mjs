/**
 * One jest configuration for the whole repository. A spec's suffix says what it needs:
 *   *.spec.ts      nothing (no I/O)
 *   *.int.spec.ts  PostgreSQL and Kafka, booted once for the run
 *   *.e2e.spec.ts  the whole system, or a server of its own that it stops and starts
 */
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript', explicitResourceManagement: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/.nx'],
};

const servers = {
  testEnvironment: '<rootDir>/libs/testing/jest/environment.mjs',
  globalSetup: '<rootDir>/libs/testing/jest/boot-servers.mjs',
  globalTeardown: '<rootDir>/libs/testing/jest/stop-servers.mjs',
};

/** Specs are run where they stand: apps, libs, examples, tools, and the checks of what is deployed. */
const inSuite = (suffix) => [`<rootDir>/{apps,libs,examples,tools,deploy}/**/*.${suffix}.ts`];

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: inSuite('spec'),
      testPathIgnorePatterns: ['/node_modules/', '\\.(int|e2e)\\.spec\\.ts$'],
    },
    { ...shared, ...servers, displayName: 'integration', testMatch: inSuite('int.spec') },
    { ...shared, ...servers, displayName: 'e2e', testMatch: inSuite('e2e.spec') },
  ],
  // A passing spec does not wait for it. It is long enough for the servers of a slow machine, and for what a spec itself gives up on
  // to be told first.
  testTimeout: 180_000,
  // Specs mostly wait, for leases, time-outs and servers. On two cores the integration specs take 207 s with one worker and
  // 60 s with three; but with more workers than cores a process or a deadline of seconds comes late now and then.
  maxWorkers: '100%',
};
