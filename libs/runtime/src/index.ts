export { backoff } from './backoff.ts';
export { cleanOnce, cleanRegularly } from './clean-regularly.ts';
export type { CleanedBatch, CleaningOptions } from './clean-regularly.ts';
export {
  boolean,
  brokers,
  databaseUrl,
  field,
  formatHostPort,
  hostPort,
  integer,
  postgresUrl,
  readableFile,
  secretField,
  secretUrl,
  url,
} from './config-fields.ts';
export type { HostPort } from './config-fields.ts';
export { createLog } from './create-log.ts';
export type { Log } from './create-log.ts';
export { graceAfter } from './grace-after.ts';
export { checkKafka, kafkaConnection, kafkaFields } from './kafka-fields.ts';
export type { KafkaConnection } from './kafka-fields.ts';
export { isInTheClear, isLoopbackHost } from './is-in-the-clear.ts';
export { isWithin } from './is-within.ts';
export { migrateSchema } from './migrate-schema.ts';
export type { MigrateSchemaOptions } from './migrate-schema.ts';
export { openHealth } from './open-health.ts';
export type { Health } from './open-health.ts';
export { ConfigError, readConfig } from './read-config.ts';
export type { ConfigProblem } from './read-config.ts';
export { readRetryAfter } from './read-retry-after.ts';
export { redactSecrets } from './redact-secrets.ts';
export { runUntilSignal } from './run-until-signal.ts';
export { traceUrlOf } from './telemetry/trace-url.ts';
export { waitFor } from './wait-for.ts';
export { createTracedHistogram } from './telemetry/exemplars.ts';
export type { Labels, TracedHistogram } from './telemetry/exemplars.ts';
export { failSpan } from './telemetry/fail-span.ts';
export { inSpan } from './telemetry/in-span.ts';
export { observeSparingly } from './telemetry/observe-sparingly.ts';
export type { SparingObservation } from './telemetry/observe-sparingly.ts';
