import { describe, expect, it } from '@jest/globals';

import { toKafkaMessage } from './to-kafka-message.ts';

const row = {
  lane: 3,
  seq: 7n,
  id: '0198c2f0-0000-7000-8000-000000000001',
  topic: 'payment-event',
  key: 'r-1',
  type: 'payment.v1.PaymentCompleted',
  payload: Buffer.from([1, 2, 3]),
  headers: {},
  createdAt: new Date('2025-01-02T03:04:05.678Z'),
};

describe('an outbox message on its way to Kafka', () => {
  it('keeps what its writer said, and adds what the log knows', () => {
    const headers = {
      ce_source: '/payments/payment',
      ce_subject: 'p-1',
      'content-type': 'application/protobuf',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    expect(toKafkaMessage({ ...row, headers })).toEqual({
      topic: 'payment-event',
      key: 'r-1',
      value: row.payload,
      headers: {
        ...headers,
        ce_specversion: '1.0',
        ce_id: row.id,
        ce_type: 'payment.v1.PaymentCompleted',
        ce_time: '2025-01-02T03:04:05.678Z',
      },
    });
  });

  it('is a CloudEvent when its writer said nothing', () => {
    expect(toKafkaMessage(row).headers).toEqual({
      ce_specversion: '1.0',
      ce_id: row.id,
      ce_type: row.type,
      ce_time: '2025-01-02T03:04:05.678Z',
      ce_source: '/outbox',
      ce_subject: 'r-1',
      'content-type': 'application/octet-stream',
    });
  });

  it('has the id of its row, which is what readers know it by, whatever its writer put there', () => {
    expect(toKafkaMessage({ ...row, headers: { ce_id: 'other', ce_type: 'other' } }).headers).toMatchObject({
      ce_id: row.id,
      ce_type: row.type,
    });
  });
});
