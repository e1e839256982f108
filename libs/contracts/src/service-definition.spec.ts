import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ExecutePaymentsRequestSchema, PaymentService } from './generated/payment/v1/payment_service_pb.js';
import { paymentServiceDefinition } from './payment-service-definition.ts';

describe('the grpc-js definition of the payment service', () => {
  it('has every method under the path that the wire knows', () => {
    const paths = Object.values(paymentServiceDefinition).map(({ path }) => path);
    expect(paths).toEqual(PaymentService.methods.map(({ name }) => `/payment.v1.PaymentService/${name}`));
  });

  it('reads what it wrote', () => {
    const { requestSerialize, requestDeserialize } = paymentServiceDefinition.executePayments;
    const request = create(ExecutePaymentsRequestSchema, {
      userId: '사용자',
      reservations: [{ reservationId: 'r-1', amount: { currencyCode: 'KRW', units: 15_000n } }],
    });
    expect(requestDeserialize(requestSerialize(request))).toEqual(request);
  });
});
