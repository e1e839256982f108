import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack, durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from './generated/google/rpc/error_details_pb.js';
import { StatusSchema } from './generated/google/rpc/status_pb.js';

/** The trailer that carries a serialized `google.rpc.Status`. */
export const statusDetailsTrailer = 'grpc-status-details-bin';

/** What went wrong, for programs (AIP-193). */
export type RpcErrorDetails = {
  /** UPPER_SNAKE_CASE, unique within `domain`. */
  reason: string;
  /** Whose reasons these are, for example `payment.v1`. */
  domain: string;
  /** Further facts about this error. */
  metadata?: Record<string, string>;
  /** Each bad field of the request. */
  violations?: readonly { field: string; description: string; reason: string }[];
  /** Milliseconds to wait before the same request is sent again. */
  retryDelayMs?: number;
};

/** A failed call as its client sees it. */
export type RpcError = {
  /** The gRPC status code. */
  code: number;
  /** For people. */
  message: string;
  /** Absent if the error did not come from the service itself (nobody there, a proxy). */
  details?: RpcErrorDetails;
};

const packDetails = ({ reason, domain, metadata = {}, violations, retryDelayMs }: RpcErrorDetails) => [
  anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain, metadata })),
  ...(violations
    ? [anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [...violations] }))]
    : []),
  ...(retryDelayMs === undefined
    ? []
    : [anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationFromMs(retryDelayMs) }))]),
];

/** The trailers of a failed call: its details, as `google.rpc.Status` in `grpc-status-details-bin`. */
export const rpcErrorMetadata = (code: number, message: string, details: RpcErrorDetails): Metadata => {
  const status = create(StatusSchema, { code, message, details: packDetails(details) });
  const metadata = new Metadata();
  metadata.set(statusDetailsTrailer, Buffer.from(toBinary(StatusSchema, status)));
  return metadata;
};

/** A trailer from elsewhere may be anything. */
const parseStatus = (bytes: Uint8Array) => {
  try {
    return fromBinary(StatusSchema, bytes);
  } catch {
    return undefined;
  }
};

const unpackDetails = (bytes: Uint8Array): RpcErrorDetails | undefined => {
  const details = parseStatus(bytes)?.details ?? [];
  const find = <T>(unpack: (detail: (typeof details)[number]) => T | undefined) =>
    details.map(unpack).find((found) => found !== undefined);
  const info = find((detail) => anyUnpack(detail, ErrorInfoSchema));
  const bad = find((detail) => anyUnpack(detail, BadRequestSchema));
  const retry = find((detail) => anyUnpack(detail, RetryInfoSchema));
  if (!info) return undefined;
  return {
    reason: info.reason,
    domain: info.domain,
    metadata: info.metadata,
    ...(bad && {
      violations: bad.fieldViolations.map(({ field, description, reason }) => ({
        field,
        description,
        reason,
      })),
    }),
    ...(retry?.retryDelay && { retryDelayMs: durationMs(retry.retryDelay) }),
  };
};

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;

/** Reads what a call of the service was rejected with; undefined if it is not a gRPC error at all. */
export const readRpcError = (error: unknown): RpcError | undefined => {
  if (!isServiceError(error)) return undefined;
  const [trailer] = error.metadata.get(statusDetailsTrailer);
  const details = Buffer.isBuffer(trailer) ? unpackDetails(trailer) : undefined;
  return { code: error.code, message: error.details, ...(details && { details }) };
};
