import { readFileSync } from 'node:fs';
import { amountsExpected, defaultPaymentAddress, parseAmounts } from '@payments/contracts';
import {
  boolean,
  databaseUrl,
  field,
  formatHostPort,
  hostPort,
  integer,
  isInTheClear,
  isLoopbackHost,
  readConfig,
  readableFile,
  secretField,
  url,
} from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';
import { tlsProblems } from './access/tls-material.ts';
import type { Limits } from './execute/built-in-authorizer.ts';

/** Files of a TLS server. They are read again when they change. */
export type TlsFiles = {
  cert: string;
  key: string;
  /** Certificate authority of clients; with it only clients with a certificate of it are let in. */
  clientCa?: string;
};

/** Whose bearer tokens are taken. */
export type TokenIssuer = { jwksUrl: string; issuer: string; audience: string };

/** How the payment gateway is reached. */
export type GatewayConfig = {
  url: string;
  /** Sent as a bearer token. A secret. */
  token?: string;
  /** For one request, in milliseconds. */
  timeoutMs: number;
};

/** What the payment service is told by its environment. */
export type PaymentConfig = {
  databaseUrl: string;
  grpc: {
    listen: HostPort;
    reflection: boolean;
    /** The most calls in progress; those beyond it are refused at once. */
    maxConcurrency: number;
    /** How long a connection is kept, in milliseconds, so that clients spread over instances that came later. */
    maxConnectionAgeMs: number;
    tls?: TlsFiles;
    /** A second listener, in the clear, with the health service alone. */
    healthListen?: HostPort;
  };
  /** Absent: no token is asked for. */
  tokens?: TokenIssuer;
  http: { listen: HostPort };
  /** Absent: the built-in authorizer. */
  gateway?: GatewayConfig;
  limits: Limits;
  /** How long answers to requests with an id are kept, in hours. */
  requestRetentionHours: number;
};

const limits = field(`the highest ${amountsExpected}`, parseAmounts);

const file = readableFile('the path of a file that is there and can be read');

/** Visible ASCII: what a header takes. */
const bearerToken = secretField('a token of visible characters', (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : undefined,
);

const text = field('a text', (value) => value);

const fields = z.object({
  DATABASE_URL: databaseUrl,
  GRPC_LISTEN: hostPort.prefault(defaultPaymentAddress),
  GRPC_HEALTH_LISTEN: hostPort.optional(),
  GRPC_INSECURE: boolean.default(false),
  GRPC_REFLECTION: boolean.default(false),
  GRPC_MAX_CONCURRENCY: integer({ min: 1, max: 10_000 }).default(64),
  GRPC_MAX_CONNECTION_AGE_MS: integer({ min: 1_000, max: 86_400_000 }).default(1_800_000),
  GRPC_TLS_CERT: file.optional(),
  GRPC_TLS_KEY: file.optional(),
  GRPC_TLS_CLIENT_CA: file.optional(),
  AUTH_JWKS_URL: url.optional(),
  AUTH_ISSUER: text.optional(),
  AUTH_AUDIENCE: text.optional(),
  HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9101 }),
  AUTHORIZER_URL: url.optional(),
  AUTHORIZER_TOKEN: bearerToken.optional(),
  AUTHORIZER_TIMEOUT_MS: integer({ min: 100, max: 20_000 }).default(5_000),
  AUTHORIZER_INSECURE: boolean.default(false),
  PAYMENT_LIMIT: limits.default(
    new Map([
      ['KRW', 1_000_000n],
      ['USD', 1_000_00n],
    ]),
  ),
  REQUEST_RETENTION_HOURS: integer({ min: 24, max: 8_760 }).default(48),
});

/** The names of all variables that the service reads, besides those of telemetry. */
export const paymentVariables: readonly string[] = Object.keys(fields.shape);

type Variables = z.output<typeof fields>;
type Problem = { variable: keyof Variables; message: string };

/** Variables that only make sense together: those that are missing. */
const missingOf = (value: Variables, names: readonly (keyof Variables)[]): Problem[] => {
  const missing = names.filter((name) => value[name] === undefined);
  if (missing.length === 0 || missing.length === names.length) return [];
  const message = `is not set: ${names.join(', ')} go together`;
  return missing.map((variable) => ({ variable, message }));
};

/** A value that is set and of its kind. Rules about several variables are told together with faults of single ones. */
const good = <T>(value: T): T | undefined => (value === z.NEVER ? undefined : value);

/** What is open to others has to be encrypted, and to ask who calls. */
const listenProblems = (value: Variables): Problem[] => {
  const listen = good(value.GRPC_LISTEN);
  if (value.GRPC_INSECURE || !listen || isLoopbackHost(listen.host)) return [];
  const lacking = [
    ...(value.GRPC_TLS_CERT ? [] : ['without TLS: set GRPC_TLS_CERT and GRPC_TLS_KEY']),
    ...(value.AUTH_JWKS_URL ? [] : ['without tokens: set AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE']),
  ];
  if (lacking.length === 0) return [];
  const message = `is ${formatHostPort(listen)}, where others can reach it, ${lacking.join('; and ')}; or listen on 127.0.0.1, or set GRPC_INSECURE=true if that is meant`;
  return [{ variable: 'GRPC_LISTEN', message }];
};

const outgoingProblems = (value: Variables): Problem[] => {
  const jwks = good(value.AUTH_JWKS_URL);
  const authorizer = good(value.AUTHORIZER_URL);
  const problems: (Problem | false)[] = [
    // Without exception: who can put its own key in the place of the issuer's is every user.
    jwks !== undefined &&
      isInTheClear(jwks) && {
        variable: 'AUTH_JWKS_URL',
        message: 'must be https: keys that come in the clear can be replaced',
      },
    authorizer !== undefined &&
      isInTheClear(authorizer) &&
      !value.AUTHORIZER_INSECURE && {
        variable: 'AUTHORIZER_URL',
        message: 'must be https beyond this machine; or set AUTHORIZER_INSECURE=true if that is meant',
      },
  ];
  return problems.filter((problem) => problem !== false);
};

/** One of the pair alone is named elsewhere. */
const clientCaProblems = (value: Variables): Problem[] =>
  value.GRPC_TLS_CLIENT_CA && !value.GRPC_TLS_CERT && !value.GRPC_TLS_KEY
    ? [{ variable: 'GRPC_TLS_CERT', message: 'is not set: GRPC_TLS_CLIENT_CA needs it' }]
    : [];

/** The files of TLS have to fit together. */
const tlsFileProblems = (value: Variables): Problem[] => {
  const [cert, key, clientCa] = [value.GRPC_TLS_CERT, value.GRPC_TLS_KEY, value.GRPC_TLS_CLIENT_CA].map(good);
  if (cert === undefined || key === undefined) return [];
  return tlsProblems({
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(clientCa !== undefined && { clientCa: readFileSync(clientCa) }),
  });
};

const problemsOf = (value: Variables): Problem[] => [
  ...missingOf(value, ['GRPC_TLS_CERT', 'GRPC_TLS_KEY']),
  ...missingOf(value, ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE']),
  ...clientCaProblems(value),
  ...tlsFileProblems(value),
  ...listenProblems(value),
  ...outgoingProblems(value),
];

const tlsOf = ({ GRPC_TLS_CERT: cert, GRPC_TLS_KEY: key, GRPC_TLS_CLIENT_CA: clientCa }: Variables) =>
  cert !== undefined && key !== undefined
    ? { cert, key, ...(clientCa !== undefined && { clientCa }) }
    : undefined;

const tokensOf = ({ AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience }: Variables) =>
  jwksUrl !== undefined && issuer !== undefined && audience !== undefined
    ? { jwksUrl, issuer, audience }
    : undefined;

const gatewayOf = (value: Variables): GatewayConfig | undefined =>
  value.AUTHORIZER_URL === undefined
    ? undefined
    : {
        url: value.AUTHORIZER_URL,
        timeoutMs: value.AUTHORIZER_TIMEOUT_MS,
        ...(value.AUTHORIZER_TOKEN !== undefined && { token: value.AUTHORIZER_TOKEN }),
      };

const grpcOf = (value: Variables): PaymentConfig['grpc'] => {
  const tls = tlsOf(value);
  return {
    listen: value.GRPC_LISTEN,
    reflection: value.GRPC_REFLECTION,
    maxConcurrency: value.GRPC_MAX_CONCURRENCY,
    maxConnectionAgeMs: value.GRPC_MAX_CONNECTION_AGE_MS,
    ...(tls && { tls }),
    ...(value.GRPC_HEALTH_LISTEN && { healthListen: value.GRPC_HEALTH_LISTEN }),
  };
};

const variables = fields
  .superRefine(
    (value, context) => {
      for (const { variable, message } of problemsOf(value))
        context.addIssue({ code: 'custom', path: [variable], message });
    },
    // Also when a single variable is bad already: nobody mends them one start at a time.
    { when: () => true },
  )
  .transform((value): PaymentConfig => {
    const tokens = tokensOf(value);
    const gateway = gatewayOf(value);
    return {
      databaseUrl: value.DATABASE_URL,
      grpc: grpcOf(value),
      http: { listen: value.HTTP_LISTEN },
      limits: value.PAYMENT_LIMIT,
      requestRetentionHours: value.REQUEST_RETENTION_HOURS,
      ...(tokens && { tokens }),
      ...(gateway && { gateway }),
    };
  });

/** Reads the environment. @throws ConfigError that names every bad variable. */
export const readPaymentConfig = (env: Readonly<Record<string, string | undefined>>): PaymentConfig =>
  readConfig(variables, env);
