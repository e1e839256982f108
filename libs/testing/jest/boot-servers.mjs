/** Jest's global setup of the suites that need servers. */
export { bootServers as default } from '../src/run-servers.ts';
