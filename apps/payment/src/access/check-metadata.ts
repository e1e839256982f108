import type { Metadata } from '@grpc/grpc-js';
import { PaymentError } from '../call/payment-error.ts';

/** The most headers of a call, and their bytes: a token of 8 KiB and the headers of a mesh fit. */
const most = { headers: 64, bytes: 16 * 1_024 };

/**
 * Bounds the headers of a call. Before it Node resets a stream with more than 128 of them, and nghttp2 ends a connection whose
 * header block goes on for more than eight frames (about 140 KiB); of those limits grpc-js sets none, and has no setting of
 * its own.
 * @throws PaymentError TOO_LARGE
 */
export const checkMetadata = (metadata: Metadata): void => {
  const headers = Object.entries(metadata.toJSON()).flatMap(([name, values]) =>
    values.map((value) => name.length + value.length),
  );
  const bytes = headers.reduce((sum, length) => sum + length, 0);
  if (headers.length <= most.headers && bytes <= most.bytes) return;
  throw new PaymentError(
    'TOO_LARGE',
    `a call takes ${most.headers} headers of ${most.bytes} bytes together at most`,
  );
};
