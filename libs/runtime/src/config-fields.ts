import { readFileSync } from 'node:fs';

import { z } from 'zod';

/** Where something listens or is reached. Port 0 means: any free one. */
export type HostPort = { host: string; port: number };

/** `host:port`, an IPv6 address in brackets, as it stands in configuration, logs and URLs. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `host:port`, for example `127.0.0.1:50051`, `[::1]:9101` or `0.0.0.0:0`. */
export const hostPort = field('host:port, for example 127.0.0.1:9101', parseHostPort);

/** A whole number from `min` to `max`, both included. */
export const integer = (range: { min: number; max: number }) =>
  field(`a whole number from ${range.min} to ${range.max}`, (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    return value >= range.min && value <= range.max ? value : undefined;
  });

/** `true` or `false`, in any case. */
export const boolean = field('true or false', (text) =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined,
);

/** A PostgreSQL connection URL. Its text is never repeated in an error: it holds a password. */
export const postgresUrl = secretField(
  'a PostgreSQL URL, for example postgres://user:password@127.0.0.1:5432/payments',
  (text) => parseUrl(text, ['postgres:', 'postgresql:'])?.href,
);

/** `DATABASE_URL`: by default the database of `npm start` and of docker-compose.yml. */
export const databaseUrl = postgresUrl.default('postgres://postgres:postgres@127.0.0.1:54320/payments');

/** An http or https URL. */
export const url = field('a URL, for example http://127.0.0.1:4318', parseHttpUrl);

/** An http or https URL that is itself a secret, as a Slack webhook's is: its text is never repeated. */
export const secretUrl = secretField(
  'a URL, for example https://hooks.slack.com/services/T0/B0/x',
  parseHttpUrl,
);

/** Kafka brokers, `host:port` separated by commas. */
export const brokers = field(
  'brokers as host:port, separated by commas, for example 127.0.0.1:19092',
  (text) => {
    const parsed = text.split(',').map((broker) => parseHostPort(broker.trim()));
    return parsed.every((broker) => broker && broker.port > 0)
      ? parsed.map((broker) => formatHostPort(broker as HostPort))
      : undefined;
  },
);

/**
 * The path of a file with something in it. The path and not the text: files may be renewed while the process runs.
 * @param expected as of {@link field}
 */
export const readableFile = (expected: string) =>
  field(expected, (path) => (hasText(path) ? path : undefined));

/**
 * A variable that is a text to people and a `T` to the program. Give it a default with `.default(value)` (the value as
 * the program sees it) or `.optional()`.
 * @param expected what a right value looks like; it completes the sentence "must be …"
 * @param parse returns undefined for a text that does not fit
 */
export function field<T>(expected: string, parse: (text: string) => T | undefined) {
  return parsedText(expected, parse, (text) => `, not ${JSON.stringify(text)}`);
}

/** As {@link field}, for a value that must not appear in a log: the error does not repeat it. */
export function secretField<T>(expected: string, parse: (text: string) => T | undefined) {
  return parsedText(expected, parse, () => '');
}

function parsedText<T>(
  expected: string,
  parse: (text: string) => T | undefined,
  quote: (text: string) => string,
) {
  return z.string({ error: () => `is not set: it must be ${expected}` }).transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `must be ${expected}${quote(text)}` });
    return z.NEVER;
  });
}

function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

function parseHttpUrl(text: string): string | undefined {
  return parseUrl(text, ['http:', 'https:'])?.href;
}

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return parsed && protocols.includes(parsed.protocol) && parsed.hostname ? parsed : undefined;
}

function hasText(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}
