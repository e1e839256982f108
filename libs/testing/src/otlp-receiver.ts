import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP/JSON has it. `kind` 1 is INTERNAL, 2 SERVER, 3 CLIENT, 4 PRODUCER, 5 CONSUMER. */
export interface OtlpSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string; spanId: string }[];
  events?: { name: string }[];
  /** Code 2 is an error. */
  status?: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, unknown> }[];
}

/** How a collector treats who sends to it: it takes, it is ill, or it never answers. */
export type OtlpManner = 'takes' | 'is ill' | 'is silent';

/** Takes what processes export over OTLP/HTTP, and keeps every byte. */
export interface OtlpReceiver extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** For a service that is to send its spans here, as JSON and soon. */
  env: Readonly<Record<string, string>>;
  /** All bodies that came over the wire, also those that it did not take. */
  raw: () => string;
  /** The spans in them, of those that came as JSON (OTEL_EXPORTER_OTLP_PROTOCOL=http/json). */
  spans: () => OtlpSpan[];
  /** From now on it treats everybody so. */
  behave: (manner: OtlpManner) => void;
}

const answers: Record<OtlpManner, (response: ServerResponse) => void> = {
  takes: (response) => response.setHeader('content-type', 'application/json').end('{}'),
  'is ill': (response) => response.writeHead(503).end(),
  'is silent': () => undefined,
};

/** Starts one on a free port of the loopback interface. */
export async function otlpReceiver(manner: OtlpManner = 'takes'): Promise<OtlpReceiver> {
  const bodies: Buffer[] = [];
  let now = manner;
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      bodies.push(Buffer.concat(chunks as Buffer[]));
      answers[now](response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: {
      OTEL_SDK_DISABLED: 'false',
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    raw: () => Buffer.concat(bodies).toString(),
    spans: () => bodies.flatMap((body) => spansOf(body.toString())),
    behave: (next) => {
      now = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function spansOf(body: string): OtlpSpan[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
