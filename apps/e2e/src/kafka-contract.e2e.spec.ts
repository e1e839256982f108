import { fromBinary } from '@bufbuild/protobuf';
import { PaymentEventSchema, PaymentState } from '@payments/contracts';
import { expect, it } from '@jest/globals';
import { readWithKafkaConsole } from '@payments/servers';
import { eventually } from '@payments/testing';
import { clientOf, payUntilAnswered, startSystem } from './system.fixture.ts';

it('a Kafka client that shares no line with ours reads what the contract says: key, headers, protobuf value', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  const relay = await system.start('relay');
  await Promise.all([payment.ready(), relay.ready()]);
  using client = clientOf(payment);
  const reservation = '예약-1';
  const paymentId = await payUntilAnswered(client, reservation);
  const refusedId = await payUntilAnswered(client, reservation);

  const onlooker = await system.connect();
  await eventually(async () => {
    const { rows } = await onlooker.query(`select 1 from outbox.message_status where status = 'PUBLISHED'`);
    expect(rows).toHaveLength(2);
  });
  const records = await readWithKafkaConsole({
    brokers: system.kafka.brokers,
    topic: 'payment-event',
    count: 2,
  });
  const { rows: messages } = await onlooker.query<{ id: string; created_at: Date }>(
    'select id, created_at from outbox.message order by seq',
  );

  expect(await system.kafka.partitions('payment-event')).toHaveLength(12);
  expect(records.map(({ key }) => key?.toString())).toEqual([reservation, reservation]);
  expect(records.map(({ headers }) => headersOf(headers))).toEqual([
    contractHeaders(messages[0], 'payment.v1.PaymentCompleted', paymentId),
    contractHeaders(messages[1], 'payment.v1.PaymentFailed', refusedId),
  ]);
  const events = records.map(({ value }) => fromBinary(PaymentEventSchema, value ?? Buffer.alloc(0)));
  expect(events[0]).toMatchObject({
    eventId: messages[0]?.id,
    payment: {
      paymentId,
      userId: 'u-1',
      reservationId: reservation,
      amount: { currencyCode: 'KRW', units: 1000n, nanos: 0 },
      state: PaymentState.COMPLETED,
    },
  });
  expect(events[1]?.payment).toMatchObject({ paymentId: refusedId, state: PaymentState.FAILED });
}, 240_000);

function headersOf(headers: { name: string; value: Buffer | null }[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name, value?.toString() ?? '']));
}

function contractHeaders(
  message: { id: string; created_at: Date } | undefined,
  type: string,
  paymentId: string,
) {
  return {
    ce_specversion: '1.0',
    ce_id: message?.id,
    ce_source: '/payments/payment',
    ce_type: type,
    ce_time: message?.created_at.toISOString(),
    ce_subject: paymentId,
    'content-type': 'application/protobuf',
  };
}
