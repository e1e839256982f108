import { SpanStatusCode } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';

/**
 * Marks a span as failed, and does not end it. A span says of a failure its type, `error.type`, and nothing else: a message may
 * quote what was refused.
 * @param failure the type, one of few words, such as a broker's name of the error; or what was thrown, of which its name is taken
 */
export function failSpan(span: Span, failure: unknown): void {
  span.setAttribute('error.type', typeOf(failure));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

const typeOf = (failure: unknown): string => {
  if (typeof failure === 'string') return failure;
  return failure instanceof Error ? failure.name : '_OTHER';
};
