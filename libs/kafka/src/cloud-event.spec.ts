import { describe, expect, it } from '@jest/globals';

import { cloudEventHeaders, readCloudEvent } from './cloud-event.ts';

const event = {
  id: '0198c2f0-0000-7000-8000-000000000001',
  source: '/payments/payment',
  type: 'payment.v1.PaymentCompleted',
  subject: '예약-1',
  time: new Date('2025-01-02T03:04:05.678Z'),
  dataContentType: 'application/protobuf',
};

describe('a CloudEvent in the headers of a Kafka message', () => {
  it('has the names of the binary mode', () => {
    expect(cloudEventHeaders(event)).toEqual({
      ce_specversion: '1.0',
      ce_id: '0198c2f0-0000-7000-8000-000000000001',
      ce_source: '/payments/payment',
      ce_type: 'payment.v1.PaymentCompleted',
      ce_subject: '예약-1',
      ce_time: '2025-01-02T03:04:05.678Z',
      'content-type': 'application/protobuf',
    });
  });

  it('is read as it was written, beside other headers', () => {
    expect(readCloudEvent({ ...cloudEventHeaders(event), traceparent: '00-…' })).toEqual(event);
  });

  it('may lack what is optional', () => {
    const { id, source, type } = event;
    expect(readCloudEvent(cloudEventHeaders({ id, source, type }))).toEqual({ id, source, type });
  });

  it.each(['ce_specversion', 'ce_id', 'ce_source', 'ce_type'])(
    'is none without %s, and that is said',
    (name) => {
      const headers: Record<string, string> = cloudEventHeaders(event);
      delete headers[name];
      expect(() => readCloudEvent(headers)).toThrow(`the header ${name} is missing or empty`);
    },
  );

  it('is none in another version, or at no time', () => {
    const headers = cloudEventHeaders(event);
    expect(() => readCloudEvent({ ...headers, ce_specversion: '0.3' })).toThrow(
      'ce_specversion is "0.3", not "1.0"',
    );
    expect(() => readCloudEvent({ ...headers, ce_time: 'noon' })).toThrow(
      'ce_time is "noon", not a timestamp',
    );
  });

  it('is refused as what can never be dealt with', () => {
    expect(() => readCloudEvent({})).toThrow(
      expect.objectContaining({ code: 'INVALID_CLOUD_EVENT', retriable: false, verdict: 'park-message' }),
    );
  });
});
