import type { HostPort } from '@payments/runtime';
import {
  readNotifierConfig,
  readMigrationConfig,
  notifierVariables,
} from '../../apps/notifier/src/config.ts';
import { paymentVariables, readPaymentConfig } from '../../apps/payment/src/config.ts';
import { readRelayConfig, relayVariables } from '../../apps/relay/src/config.ts';
import { readStandInConfig, standInVariables } from '../../apps/slack-stand-in/src/config.ts';
import { readTelemetryConfig } from '../../libs/runtime/src/telemetry/config.ts';
import type { Container } from './manifest.ts';

type Environment = Readonly<Record<string, string>>;

/** What the app in a container reads, and where it listens. */
export interface App {
  name: string;
  /** The variables that it reads, besides those of telemetry. */
  variables: readonly string[];
  /** Where it listens for HTTP and for calls of gRPC in the clear. @throws ConfigError for what it would not start with */
  addresses: (env: Environment) => { http?: HostPort; grpc: readonly HostPort[]; other: readonly HostPort[] };
}

const apps: Readonly<Record<string, Omit<App, 'name'>>> = {
  payment: {
    variables: paymentVariables,
    addresses: (env) => {
      const { http, grpc } = readPaymentConfig(env);
      const { listen, healthListen, tls } = grpc;
      const inTheClear = [...(healthListen ? [healthListen] : []), ...(tls ? [] : [listen])];
      return { http: http.listen, grpc: inTheClear, other: tls ? [listen] : [] };
    },
  },
  relay: {
    variables: relayVariables,
    addresses: (env) => ({ http: readRelayConfig(env).httpListen, grpc: [], other: [] }),
  },
  notifier: {
    variables: notifierVariables,
    addresses: (env) => ({ http: readNotifierConfig(env).http.listen, grpc: [], other: [] }),
  },
  'slack-stand-in': {
    variables: standInVariables,
    addresses: (env) => ({ http: readStandInConfig(env).listen, grpc: [], other: [] }),
  },
};

/** With `--migrate-only` an app reads where its database is, and does not listen. */
const migration: Omit<App, 'name'> = {
  variables: ['DATABASE_URL'],
  addresses: (env) => {
    readMigrationConfig(env);
    return { grpc: [], other: [] };
  },
};

/** The app that a container runs, known by its image; undefined where it is none of ours. */
export function appIn({ image, args = [] }: Container): App | undefined {
  const [, name = ''] = /(?:^|\/)payments\/([\w-]+)(?:[:@]|$)/.exec(image) ?? [];
  const app = args.includes('--migrate-only') ? migration : apps[name];
  return app && { ...app, name, addresses: withTelemetry(app.addresses) };
}

/** The preload of every app reads these before it. */
function withTelemetry(addresses: App['addresses']): App['addresses'] {
  return (env) => {
    readTelemetryConfig(env);
    return addresses(env);
  };
}

/** Of the standard's variables those that a service may be told; of Node's own, too. */
export const standardVariables: readonly string[] = [
  // https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
  ...['SDK_DISABLED', 'SERVICE_NAME', 'RESOURCE_ATTRIBUTES', 'LOG_LEVEL', 'PROPAGATORS'],
  ...['TRACES_EXPORTER', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG'],
  ...['BSP_SCHEDULE_DELAY', 'BSP_EXPORT_TIMEOUT', 'BSP_MAX_QUEUE_SIZE', 'BSP_MAX_EXPORT_BATCH_SIZE'],
  ...['ATTRIBUTE_VALUE_LENGTH_LIMIT', 'SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'SPAN_LINK_COUNT_LIMIT'],
  // https://opentelemetry.io/docs/specs/otel/protocol/exporter/
  ...['EXPORTER_OTLP', 'EXPORTER_OTLP_TRACES'].flatMap((prefix) =>
    ['ENDPOINT', 'HEADERS', 'TIMEOUT', 'COMPRESSION', 'PROTOCOL', 'CERTIFICATE']
      .concat('CLIENT_KEY', 'CLIENT_CERTIFICATE')
      .map((name) => `${prefix}_${name}`),
  ),
]
  .map((name) => `OTEL_${name}`)
  .concat('NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS');
