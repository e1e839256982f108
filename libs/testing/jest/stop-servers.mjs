/** Jest's global teardown of the suites that need servers. */
export { stopServers as default } from '../src/run-servers.ts';
