import { describe, expect, it } from '@jest/globals';
import { rpcErrorMetadata, statusDetailsTrailer } from '@payments/contracts';
import { fitViolations, invalidRequest } from './invalid-request.ts';

const violations = (count: number, description = 'is the same as reservations[0].reservation_id') =>
  Array.from({ length: count }, (_, i) => ({
    field: `reservations[${i}].reservation_id`,
    description,
    reason: 'DUPLICATE',
  }));

describe('fitViolations', () => {
  it('leaves a usual number of violations as they are', () => {
    expect(fitViolations(violations(20))).toEqual(violations(20));
  });

  it('still names a hundred bad fields, the last ones without a description', () => {
    const fitted = fitViolations(violations(100));
    expect(fitted.map(({ field }) => field)).toEqual(violations(100).map(({ field }) => field));
    expect(fitted.at(-1)?.description).toBe('');
  });

  it('says how many it leaves out in the end', () => {
    const fitted = fitViolations(violations(300));
    expect(fitted.at(-1)?.description).toBe(`${300 - fitted.length + 1} more faults are not listed`);
  });
});

describe('invalidRequest', () => {
  it('fits into the 8 KiB of headers that every client takes, however bad the request', () => {
    const { code, message, details } = invalidRequest(violations(400, '예'.repeat(300)));
    const [trailer] = rpcErrorMetadata(code, message, details).get(statusDetailsTrailer);
    expect(Buffer.from(trailer ?? '').toString('base64').length).toBeLessThan(7_500);
    expect(message.length).toBeLessThan(300);
  });
});
