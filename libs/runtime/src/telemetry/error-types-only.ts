import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/**
 * The span as it may leave the process: of an error it says the type, never the message. PostgreSQL quotes what it refuses
 * (`invalid input syntax for type uuid: "…"`, a duplicate's key), Node the address, a gateway whatever it likes; the instrumentations
 * write that into the status and into an event of the exception, with its stack. Such events go, and what they say of the type
 * becomes `error.type`, where the span has none: so pg's spans, which have none of their own, say the SQLSTATE.
 */
export function withErrorTypesOnly(span: ReadableSpan): ReadableSpan {
  const exceptions = span.events.filter(isException);
  if (span.status.message === undefined && exceptions.length === 0) return span;
  const shown = {
    status: { code: span.status.code },
    events: span.events.filter((event) => !isException(event)),
    attributes: { ...errorType(exceptions[0]?.attributes), ...span.attributes },
  };
  // A view: the span itself, which the process may still hold, is left as it is.
  return Object.create(span, Object.getOwnPropertyDescriptors(shown)) as ReadableSpan;
}

const isException = ({ name }: { name: string }): boolean => name === 'exception';

/** What instrumentation-pg writes in place of a message: `PostgreSQL error of type 'error' occurred (code: 22P02)`. */
const ofPostgres = /^PostgreSQL error of type '(\w+)' occurred \(code: (\w+)\)$/;

/** A type is one word: what is not might be somebody's text. */
function errorType(exception: Attributes = {}): Attributes {
  const textOf = (name: string) => (typeof exception[name] === 'string' ? exception[name] : '');
  const [, name, code] = ofPostgres.exec(textOf('exception.message')) ?? [];
  const type = code && code !== 'UNKNOWN' ? code : (name ?? textOf('exception.type'));
  return /^\w+$/.test(type) ? { 'error.type': type } : {};
}
