import type { TraceSpan } from '@payments/servers';

/** A span and how far below its root it is: 0 for a root. */
export type SpanRow = { span: TraceSpan; depth: number };

/**
 * The spans of a trace from top to bottom: each above those below it, neighbours in the order in which they began. One
 * whose parent is not among them is a root.
 */
export function spanRows(spans: readonly TraceSpan[]): SpanRow[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const above = ({ parent }: TraceSpan) => (parent !== undefined && ids.has(parent) ? parent : undefined);
  const children = Map.groupBy([...spans].sort(byBegin), above);
  const below = (id: string | undefined, depth: number): SpanRow[] =>
    (children.get(id) ?? []).flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)]);
  return below(undefined, 0);
}

/** The ids of spans are drawn by lot: of two at the same time the longer one goes first, then the name decides. */
const byBegin = (a: TraceSpan, b: TraceSpan): number =>
  a.startUs - b.startUs || b.durationUs - a.durationUs || a.name.localeCompare(b.name, 'en');
