import { pollUntil } from './poll-until.ts';

/** What points at a span. */
export type SpanAddress = { traceId: string; spanId: string };

/** A span as Jaeger has it. */
export type TraceSpan = SpanAddress & {
  /** Id of the span above it; undefined for a root. */
  parent: string | undefined;
  /** What it links to, in the order of the links. */
  links: SpanAddress[];
  /** `service.name` of the process that made it. */
  service: string;
  name: string;
  kind: 'internal' | 'client' | 'server' | 'producer' | 'consumer';
  /** Microseconds since 1970. */
  startUs: number;
  /** Microseconds. */
  durationUs: number;
  /** Its attributes. Lists are JSON of OTLP. */
  tags: Readonly<Record<string, string | number | boolean>>;
  hasError: boolean;
};

/** The part of Jaeger's answer that is read here: OTLP as JSON. */
type TraceReply = {
  result: {
    /** Empty lists are left out, as where a span came twice. */
    resourceSpans?: { resource?: { attributes?: Attribute[] }; scopeSpans?: { spans?: OtlpSpan[] }[] }[];
  };
};

type OtlpSpan = SpanAddress & {
  parentSpanId?: string;
  name: string;
  kind?: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: Attribute[];
  links?: SpanAddress[];
  status?: { code?: number };
};

/** The value under the name of its type; a whole number as text. */
type Attribute = { key: string; value: Record<string, unknown> };

/** By OTLP's numbers; 0 is "not said". */
const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const errorCode = 2;

/**
 * Reads what Jaeger has of a trace so far, in the order in which the spans began; empty while it has nothing.
 * @param query base URL of Jaeger's query API
 * @throws Error when nobody answers, or something else does
 */
export async function readTrace(query: string, traceId: string, signal?: AbortSignal): Promise<TraceSpan[]> {
  // Version 3: the older one leaves the parent out where a span links to it as well.
  const response = await fetch(`${query}/api/v3/traces/${traceId}`, { ...(signal && { signal }) });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${query} answers ${response.status}: ${await response.text()}`);
  const { result } = (await response.json()) as TraceReply;
  const spans = (result.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(tagsOf(resource?.attributes)['service.name']);
    return scopeSpans.flatMap((scope) => (scope.spans ?? []).map((span) => toSpan(span, service)));
  });
  return spans.sort((a, b) => a.startUs - b.startUs || b.durationUs - a.durationUs);
}

/**
 * Reads a trace until it is whole: spans come from several processes, each in its time.
 * @param missing names what is not there yet; none: the trace is whole
 * @throws Error that says what was missing in the end, and what was there
 */
export async function untilTrace(
  query: string,
  traceId: string,
  missing: (spans: TraceSpan[]) => readonly string[],
  options: { timeoutMs?: number; everyMs?: number; signal?: AbortSignal } = {},
): Promise<TraceSpan[]> {
  const { timeoutMs = 40_000, everyMs = 100, signal } = options;
  const wait = { for: `the whole trace ${traceId}`, timeoutMs, everyMs };
  return pollUntil({ ...wait, giveUpIf: () => signal?.throwIfAborted() }, async () => {
    const spans = await readTrace(query, traceId, signal);
    const absent = missing(spans);
    if (absent.length === 0) return spans;
    const there = spans.map(({ service, name }) => `${service}: ${name}`).join(', ');
    throw new Error(`missing: ${absent.join(', ')}; there: ${there || 'nothing'}`);
  });
}

function toSpan(span: OtlpSpan, service: string): TraceSpan {
  const { traceId, spanId, parentSpanId, name, links = [], status } = span;
  const startUs = microseconds(span.startTimeUnixNano);
  return {
    traceId,
    spanId,
    parent: parentSpanId || undefined,
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    service,
    name,
    kind: kinds[span.kind ?? 0] ?? 'internal',
    startUs,
    durationUs: microseconds(span.endTimeUnixNano) - startUs,
    tags: tagsOf(span.attributes),
    hasError: status?.code === errorCode,
  };
}

const microseconds = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1000n);

function tagsOf(attributes: Attribute[] = []): TraceSpan['tags'] {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: Attribute['value']): string | number | boolean {
  const [[type, held] = ['', '']] = Object.entries(value);
  if (type === 'intValue') return Number(held);
  return typeof held === 'object' ? JSON.stringify(held) : (held as string | number | boolean);
}
