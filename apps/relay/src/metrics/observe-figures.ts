import { metrics } from '@opentelemetry/api';
import type { BatchObservableResult } from '@opentelemetry/api';
import { openFigures, outboxError } from '@payments/outbox';
import type { OutboxFigures } from '@payments/outbox';
import { observeSparingly } from '@payments/runtime';
import type { Log } from '@payments/runtime';

const meter = '@payments/relay';
const everyMs = 5000;
/** Less than a scrape may take, which is 10 s with Prometheus' own settings. */
const withinMs = 2000;

/**
 * Makes the metrics of the outbox's state, which PostgreSQL is asked for when they are read, over a connection of their own: what is
 * slow or away there holds up neither the relay nor whoever reads. They are left out while there is no answer. Each
 * relay of an outbox tells the same.
 */
export function observeFigures(options: { databaseUrl: string; log: Pick<Log, 'warn'> }): AsyncDisposable {
  const { databaseUrl, log } = options;
  const gauges = openGauges();
  const figures = openFigures({ databaseUrl, answerWithinMs: withinMs });
  const observation = observeSparingly({
    meter,
    gauges: Object.values(gauges),
    ask: () => figures.read(),
    observe: (read, result) => observeAll(gauges, read, result),
    everyMs,
    withinMs,
    onFailure: (error) =>
      log.warn({ reason: outboxError(error).message }, 'the figures of the outbox are not known'),
  });
  return {
    [Symbol.asyncDispose]: async () => {
      observation[Symbol.dispose]();
      await figures[Symbol.asyncDispose]();
    },
  };
}

function openGauges() {
  const gauge = (name: string, unit: string, description: string) =>
    metrics.getMeter(meter).createObservableGauge(name, { unit, description });
  return {
    lag: gauge(
      'outbox.lag',
      's',
      'How long ago the oldest message that is committed and not published was appended',
    ),
    unpublished: gauge(
      'outbox.unpublished_messages',
      '{message}',
      'Messages that are committed and not published',
    ),
    parked: gauge(
      'outbox.parked_messages',
      '{message}',
      'Messages that Kafka refuses, and what waits behind them',
    ),
    oldest: gauge('outbox.oldest_transaction', 's', 'Age of the oldest open transaction that has written'),
  };
}

function observeAll(
  gauges: ReturnType<typeof openGauges>,
  { lagSeconds, unpublishedMessages, parkedMessages, oldestTransaction }: OutboxFigures,
  result: BatchObservableResult,
): void {
  result.observe(gauges.lag, lagSeconds);
  result.observe(gauges.unpublished, unpublishedMessages);
  result.observe(gauges.parked, parkedMessages);
  const { appendedSeconds, otherSeconds } = oldestTransaction;
  // Hidden from this role: no age is better than a wrong one.
  if (appendedSeconds !== null) result.observe(gauges.oldest, appendedSeconds, { appended: 'true' });
  if (otherSeconds !== null) result.observe(gauges.oldest, otherSeconds, { appended: 'false' });
}
