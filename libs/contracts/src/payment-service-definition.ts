import type { GenService } from '@bufbuild/protobuf/codegenv2';
import { PaymentService } from './generated/payment/v1/payment_service_pb.js';
import { serviceDefinition } from './service-definition.ts';
import type { Handlers } from './service-definition.ts';

/** `payment.v1.PaymentService` as grpc-js serves it: `server.addService(paymentServiceDefinition, handlers)`. */
export const paymentServiceDefinition = serviceDefinition(PaymentService);

/** The methods of `payment.v1.PaymentService`, each with its input and output. */
export type PaymentMethods = typeof PaymentService extends GenService<infer Methods> ? Methods : never;

/** What a server of `payment.v1.PaymentService` has to bring. */
export type PaymentHandlers = Handlers<PaymentMethods>;

/** Whether a call's path (`/payment.v1.PaymentService/GetPayment`) is of `payment.v1.PaymentService`. */
export const isPaymentMethod = (path: string): boolean => path.startsWith(`/${PaymentService.typeName}/`);
