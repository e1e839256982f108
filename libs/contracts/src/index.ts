export * from './generated/google/rpc/error_details_pb.js';
export { StatusSchema, type Status } from './generated/google/rpc/status_pb.js';
export { MoneySchema, type Money } from './generated/google/type/money_pb.js';
export * from './generated/payment/v1/payment_event_pb.js';
export * from './generated/payment/v1/payment_pb.js';
export * from './generated/payment/v1/payment_service_pb.js';
export { amountsExpected, isAbove, parseAmounts } from './amounts.ts';
export type { Amounts } from './amounts.ts';
export type { ClientTls } from './client-credentials.ts';
export {
  deadLetterGroup,
  deadLetterPartitions,
  deadLetterTopic,
  deadLetterTopicConfig,
  readDeadLetterMark,
  replayPartitions,
  replayTopic,
  replayTopicConfig,
  withDeadLetterMark,
} from './dead-letter.ts';
export type { DeadLetterMark } from './dead-letter.ts';
export { currencyDecimals, formatMoney, parseMoney, readMoney, toMoney } from './money.ts';
export type { MinorUnits, MoneyProblem } from './money.ts';
export { defaultPaymentAddress, openPaymentClient } from './payment-client.ts';
export type { CallOptions, PaymentClient, PaymentClientOptions } from './payment-client.ts';
export {
  paymentEventContentType,
  paymentEventPartitions,
  paymentEventSource,
  paymentEventTopic,
  paymentEventTypes,
} from './payment-event.ts';
export type { PaymentEventType } from './payment-event.ts';
export { readRpcError, rpcErrorMetadata, statusDetailsTrailer } from './rpc-error.ts';
export type { RpcError, RpcErrorDetails } from './rpc-error.ts';
export type { Handlers } from './service-definition.ts';
export { isPaymentMethod, paymentServiceDefinition } from './payment-service-definition.ts';
export type { PaymentHandlers, PaymentMethods } from './payment-service-definition.ts';
