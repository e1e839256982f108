import type { RequestOptions } from 'node:http';

import type { Attributes } from '@opentelemetry/api';

/** The word the semantic conventions ask for in place of a secret (opentelemetry.io/docs/specs/semconv, `url.full`). */
const redacted = 'REDACTED';

/**
 * The attributes of an outgoing HTTP request's span that would show its path and query, rewritten to show the host
 * alone. The path of a Slack webhook is a secret, and which of the hosts a process calls keep a secret in their path
 * cannot be told from outside: so no path leaves the process. They replace the instrumentation's own before the span
 * is made, so no sampler and no processor sees the real ones.
 */
export function redactOutgoingUrl({ origin, path }: { origin: string | URL; path: string }): Attributes {
  const { origin: host } = new URL(origin);
  return {
    'url.full': `${host}/${redacted}`,
    'url.path': `/${redacted}`,
    'url.query': path.includes('?') ? redacted : '',
  };
}

/** The same for a request of `node:http`, as its options describe it. */
export function redactRequest(request: RequestOptions): Attributes {
  const { protocol, hostname, host, port, path } = request;
  const authority = `${hostname ?? host ?? 'localhost'}${port ? `:${port}` : ''}`;
  return redactOutgoingUrl({ origin: `${protocol ?? 'http:'}//${authority}`, path: path ?? '/' });
}
