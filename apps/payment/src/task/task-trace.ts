import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Context, Link } from '@opentelemetry/api';
import { inSpan } from '@payments/runtime';
import type { DueTask } from './claim-due-tasks.ts';

/** The trace that is under way, as W3C's `traceparent`; null where there is none. */
export const currentTraceparent = (): string | null => {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
};

/**
 * Works on a task in a span of its own (`recover charge`), so that what became of a payment is in the trace of the call that
 * made it. A task that is old has a trace of its own, linked to that of the call: nobody keeps a trace open for so long.
 * The span fails with the work.
 */
export const withinTask = async <T>(task: DueTask, work: () => Promise<T>): Promise<T> => {
  const { parent, links } = originOf(task);
  const attributes = { 'payment.id': task.charge.paymentId };
  const span = trace
    .getTracer('@payments/payment')
    .startSpan(`recover ${task.kind.toLowerCase()}`, { kind: SpanKind.INTERNAL, attributes, links }, parent);
  return inSpan(span, parent, work);
};

/** Looking for tasks is in no trace; and whatever context it runs in is not the task's. */
const originOf = ({ traceparent, isOld }: DueTask): { parent: Context; links: Link[] } => {
  const made = propagation.extract(ROOT_CONTEXT, { traceparent: traceparent ?? undefined });
  const maker = trace.getSpanContext(made);
  return isOld && maker ? { parent: ROOT_CONTEXT, links: [{ context: maker }] } : { parent: made, links: [] };
};
