import { PaymentService } from './generated/payment/v1/payment_service_pb.js';
import { serviceDefinition } from './service-definition.ts';

/** `payment.v1.PaymentService` as grpc-js serves it: `server.addService(paymentServiceDefinition, handlers)`. */
export const paymentServiceDefinition = serviceDefinition(PaymentService);
