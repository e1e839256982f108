export { makeAuthority, makePair, writePair, type Pair } from './certificates.ts';
export { eventually, type EventuallyOptions } from './eventually.ts';
export type { TestServers } from './config.ts';
export { grpcFrame, rawGrpc, type RawAnswer, type RawCall, type RawGrpc } from './raw-grpc.ts';
export { seededRandom, type Random } from './seeded-random.ts';
export type { DatabaseTemplate } from './template-database.ts';
export { testServers } from './test-servers.ts';
export { throwAwayDatabase, type ThrowAwayDatabase } from './throw-away-database.ts';
export { throwAwayTopic, type ThrowAwayTopic } from './throw-away-topic.ts';
export { tcpProxy, type Passing, type TcpProxy, type Verdict } from './tcp-proxy.ts';
export { otlpReceiver, type OtlpManner, type OtlpReceiver, type OtlpSpan } from './otlp-receiver.ts';
export type { LogLine, Match } from './log-lines.ts';
export { startService, type Program, type RunningService, type ServiceOptions } from './start-service.ts';
// Servers of a spec's own, for libraries: a library's spec may import this project and no other.
export {
  freePort,
  readWithKafkaConsole,
  startKafka,
  startPostgres,
  type RunningKafka,
  type RunningPostgres,
} from '@payments/servers';
export {
  findJaeger,
  readTrace,
  startJaeger,
  untilTrace,
  type RunningJaeger,
  type TraceSpan,
} from '@payments/servers';
export { startSlackStandIn, type SlackRequest, type SlackStandIn } from '@payments/servers';
export {
  startGatewayStandIn,
  type GatewayMovement,
  type GatewayRequest,
  type GatewayStandIn,
} from '@payments/servers';
