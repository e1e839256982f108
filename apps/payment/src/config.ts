import { defaultPaymentAddress, parseMoney, readMoney } from '@payments/contracts';
import type { MinorUnits } from '@payments/contracts';
import { boolean, databaseUrl, field, formatHostPort, hostPort, readConfig } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';
import type { Limits } from './execute/authorize.ts';

/** What the payment service is told by its environment. */
export type PaymentConfig = {
  databaseUrl: string;
  grpc: { listen: HostPort; reflection: boolean };
  http: { listen: HostPort };
  limits: Limits;
};

const asMinorUnits = (entry: string): MinorUnits | undefined => {
  const [, currency, amount] = /^([A-Z]{3})=([\d.]+)$/.exec(entry.trim()) ?? [];
  const parsed = parseMoney(`${amount}${currency}`);
  if ('problem' in parsed) return undefined;
  const read = readMoney(parsed);
  return 'problem' in read ? undefined : read;
};

/** `KRW=1000000,USD=1000` as a map from currency to minor units. */
const parseLimits = (text: string): Limits | undefined => {
  const entries = text.split(',').map(asMinorUnits);
  const limits = new Map(entries.flatMap((entry) => (entry ? [[entry.currency, entry.minor] as const] : [])));
  // Fewer than were written: one of them is not a limit, or a currency has two.
  return limits.size === entries.length ? limits : undefined;
};

const limits = field(
  'the highest amount of each currency of ISO 4217, once each, with no more decimals than it has, for example KRW=1000000,USD=1000',
  parseLimits,
);

const isLoopback = ({ host }: HostPort) =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

const variables = z
  .object({
    DATABASE_URL: databaseUrl,
    GRPC_LISTEN: hostPort.prefault(defaultPaymentAddress),
    GRPC_INSECURE: boolean.default(false),
    GRPC_REFLECTION: boolean.default(false),
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9101 }),
    PAYMENT_LIMIT: limits.default(
      new Map([
        ['KRW', 1_000_000n],
        ['USD', 1_000_00n],
      ]),
    ),
  })
  .superRefine((value, context) => {
    if (value.GRPC_INSECURE || isLoopback(value.GRPC_LISTEN)) return;
    const message = `is ${formatHostPort(value.GRPC_LISTEN)}, where others can reach it in the clear: listen on 127.0.0.1, or set GRPC_INSECURE=true if that is meant`;
    context.addIssue({ code: 'custom', path: ['GRPC_LISTEN'], message });
  })
  .transform((value): PaymentConfig => ({
    databaseUrl: value.DATABASE_URL,
    grpc: { listen: value.GRPC_LISTEN, reflection: value.GRPC_REFLECTION },
    http: { listen: value.HTTP_LISTEN },
    limits: value.PAYMENT_LIMIT,
  }));

/** Reads the environment. @throws ConfigError that names every bad variable. */
export const readPaymentConfig = (env: Readonly<Record<string, string | undefined>>): PaymentConfig =>
  readConfig(variables, env);
