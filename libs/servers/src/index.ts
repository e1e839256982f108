export { endNow } from './end-now.ts';
export { drainMs, endWithParent } from './end-with-parent.ts';
export { buildGoModule } from './build-go-module.ts';
export { cacheFolder, crdsFolder } from './config.ts';
export type { GoModule } from './go-module.ts';
export * from './gateway-stand-in.ts';
export type { GatewayBehaviour, GatewayRule, HeldGatewayRequest } from './gateway-stand-in-behaviour.ts';
export type { GatewayMovement, GatewayRefusal } from './gateway-stand-in-books.ts';
export { chromiumRemedy, findChromium } from './find-chromium.ts';
export { composeModule, findCompose } from './find-compose.ts';
export { findJaeger, jaegerModule } from './find-jaeger.ts';
export { findKubernetes, kubernetesModule } from './find-kubernetes.ts';
export { findPrometheus, prometheusRemedy } from './find-prometheus.ts';
export { startJaeger, type JaegerOptions, type RunningJaeger } from './jaeger.ts';
export type { NewTopic, PartitionState } from './kafka-admin.ts';
export { createTopic, deleteTopic, untilTopicIsLed } from './kafka-admin.ts';
export { readWithKafkaConsole, type ConsoleOptions, type ConsoleRecord } from './kafka-console.ts';
export { prepareKafka } from './kafka-archive.ts';
export type { KafkaNode } from './kafka-node.ts';
export type { KafkaTls } from './kafka-settings.ts';
export { startKafka, type KafkaOptions, type RunningKafka } from './kafka.ts';
export {
  kustomize,
  startKubernetes,
  type KubernetesOptions,
  type KubernetesOutput,
  type RunningKubernetes,
} from './kubernetes.ts';
export { makeOnce, type MakeOnceOptions } from './make-once.ts';
export { pollUntil, type PollOptions } from './poll-until.ts';
export { freePort, isPortFree, loopback } from './ports.ts';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './postgres.ts';
export { startPrometheus, type PrometheusOptions, type RunningPrometheus } from './prometheus.ts';
export { processesLeft, type FoundProcess } from './processes-left.ts';
export { readTrace, untilTrace, type SpanAddress, type TraceSpan } from './read-trace.ts';
export { ServerError, type ServerErrorCode } from './server-error.ts';
export { launch, logTail, type LaunchOptions, type ServerProcess } from './server-process.ts';
export * from './slack-stand-in.ts';
export type { HeldRequest, SlackBehaviour } from './slack-stand-in-behaviour.ts';
export { fasterThan, type SlackRateLimit } from './slack-stand-in-pace.ts';
export type { SlackBlock } from './slack-stand-in-limits.ts';
