import { describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { readRpcError, rpcErrorMetadata, statusDetailsTrailer } from './rpc-error.ts';

const serviceError = (code: number, details: string, metadata: Metadata) =>
  Object.assign(new Error(`${code}: ${details}`), { code, details, metadata });

describe('readRpcError', () => {
  it('reads what rpcErrorMetadata wrote', () => {
    const details = {
      reason: 'INVALID_REQUEST',
      domain: 'payment.v1',
      metadata: { hint: '예약' },
      violations: [{ field: 'reservations[1].reservation_id', description: 'is empty', reason: 'REQUIRED' }],
      retryDelayMs: 1_500,
    };
    const metadata = rpcErrorMetadata(status.INVALID_ARGUMENT, 'refused', details);
    expect(readRpcError(serviceError(status.INVALID_ARGUMENT, 'refused', metadata))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'refused',
      details,
    });
  });

  it('has no details for an error that the service did not make', () => {
    const error = serviceError(status.UNAVAILABLE, 'No connection established', new Metadata());
    expect(readRpcError(error)).toEqual({ code: status.UNAVAILABLE, message: 'No connection established' });
  });

  it('is undefined for what is no gRPC error', () => {
    expect(readRpcError(new Error('x'))).toBeUndefined();
    expect(readRpcError(undefined)).toBeUndefined();
  });

  it('survives trailers that are no google.rpc.Status', () => {
    const metadata = new Metadata();
    metadata.set(statusDetailsTrailer, Buffer.from([0xff, 0xff, 0xff]));
    expect(readRpcError(serviceError(status.INTERNAL, 'x', metadata))).toEqual({
      code: status.INTERNAL,
      message: 'x',
    });
  });
});
