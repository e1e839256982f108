import { context, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';

import { failSpan } from './fail-span.ts';

/**
 * Works in the context of a span that was begun below `parent`. The span fails with the work, and ends with it.
 * @throws what the work throws
 */
export async function inSpan<T>(span: Span, parent: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}
