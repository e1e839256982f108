import { isOutOfReach, judge } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** The one error that this library throws. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError';
  /** The broker's name of the error (`NOT_LEADER_FOR_PARTITION`), else kafkajs's or ours. */
  readonly code: string;
  /** The same call may succeed later without a change by anybody. */
  readonly retriable: boolean;
  /** What to do about the messages of a refused send. */
  readonly verdict: Verdict;
  /** Kafka is out of this client's reach; another one, elsewhere, may get through. */
  readonly unreachable: boolean;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    const { verdict, retriable } = judge(code);
    this.code = code;
    this.retriable = retriable;
    this.verdict = verdict;
    this.unreachable = isOutOfReach(code);
  }

  /** Any thrown value as a KafkaError. kafkajs wraps its errors up to three deep: the innermost one says what it was. */
  static from(thrown: unknown): KafkaError {
    if (thrown instanceof KafkaError) return thrown;
    const origin = innermost(thrown);
    return new KafkaError(codeOf(origin), messageOf(origin), { cause: thrown });
  }
}

function innermost(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const [inner] = 'errors' in thrown && Array.isArray(thrown.errors) ? (thrown.errors as unknown[]) : [];
  const next = inner ?? thrown.cause;
  return next instanceof Error && next !== thrown ? innermost(next) : thrown;
}

function codeOf(origin: unknown): string {
  if (!(origin instanceof Error)) return 'UNKNOWN';
  if ('type' in origin && typeof origin.type === 'string') return origin.type;
  return origin.name.startsWith('KafkaJS') ? origin.name : unnamed(origin);
}

/** Node's own errors (a refused connection, a name that does not resolve) carry a code in capitals and a system call. */
function unnamed(origin: Error): string {
  return 'syscall' in origin ? 'KafkaJSConnectionError' : origin.name;
}

function messageOf(origin: unknown): string {
  return origin instanceof Error ? origin.message || origin.name : String(origin);
}
