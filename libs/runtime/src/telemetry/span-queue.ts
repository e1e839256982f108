import { TraceFlags } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

import type { SpanBatches } from './config.ts';
import { withErrorTypesOnly } from './error-types-only.ts';

/** Who is told how the sending goes: once for each change, not for each batch, and of one failure a minute. */
export type SendingNews = {
  /** @param reason the error's code or message */
  away(reason: string): void;
  /** @param lost how many spans were dropped meanwhile */
  back(lost: number): void;
};

const nobody: SendingNews = { away: () => undefined, back: () => undefined };

/**
 * Spans on their way out: a bounded queue, sent in batches. Nobody waits for it: what finds the queue full is dropped, and
 * so is a batch that the collector did not take within the exporter's own time (`OTEL_EXPORTER_OTLP_TIMEOUT`, repeats included).
 * Both are counted. What leaves says types of errors alone ({@link withErrorTypesOnly}).
 */
export function openSpanQueue(options: {
  exporter: SpanExporter;
  batches: SpanBatches;
  news?: SendingNews;
  now?: () => number;
}): SpanProcessor {
  const { exporter, batches, news = nobody, now = () => performance.now() } = options;
  /** As many as the processor has in its queue; it tells nobody how many that are, nor which it drops. */
  let waiting = 0;
  const isRelaxed = () => waiting <= batches.maxQueueSize / 2;
  const sending = followSending(news, { isRelaxed, now });
  const handOver: SpanExporter = {
    export: (spans, done) => {
      waiting -= spans.length;
      const finish = (result: ExportResult) => {
        sending.ended(result, spans.length);
        done(result);
      };
      exporter.export(spans.map(withErrorTypesOnly), finish);
    },
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({ ...batches, exporter: handOver });
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if (!isSampled(span)) return;
      if (waiting >= batches.maxQueueSize) return sending.dropped();
      waiting += 1;
      processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

const isSampled = (span: ReadableSpan): boolean => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

/** How long, in milliseconds, after it was told that the sending fails nothing is told of another failure. */
const quietMs = 60_000;

const tooFast = 'spans come faster than the collector takes them';

/**
 * What is told of the results. Spans were dropped although the collector answers: then it is too slow, or they are too many.
 * It is back once half of the queue is free, so that what hardly fits is not told again with every batch; nor is what fails every
 * now and then, as behind a balancer with one bad collector.
 */
function followSending(
  news: SendingNews,
  { isRelaxed, now }: { isRelaxed: () => boolean; now: () => number },
) {
  let [away, lost, reason, toldAt] = [false, 0, tooFast, -Infinity];
  const tellAway = () => {
    if (away || now() - toldAt < quietMs) return;
    news.away(reason);
    [away, toldAt] = [true, now()];
  };
  const tellBack = () => {
    news.back(lost);
    [away, lost, reason] = [false, 0, tooFast];
  };
  return {
    dropped: () => void (lost += 1),
    ended: ({ code, error }: ExportResult, spans: number) => {
      if (code !== ExportResultCode.SUCCESS) {
        lost += spans;
        reason = reasonOf(error);
        tellAway();
      } else if (away) {
        if (isRelaxed()) tellBack();
      } else if (lost > 0) tellAway();
    },
  };
}

/** Node gives the errors of all the addresses of a name in one without a message, but with a code. */
function reasonOf(error: Error | undefined): string {
  const { code, message } = (error ?? {}) as { code?: string | number; message?: string };
  return String(code ?? (message || 'no reason given'));
}
