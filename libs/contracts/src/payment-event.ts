/** The Kafka topic of payment outcomes: key = reservation id, value = `payment.v1.PaymentEvent`. */
export const paymentEventTopic = 'payment-event';

/** Partitions of `payment-event`. Never altered: a key would move to another partition and lose its order. */
export const paymentEventPartitions = 12;

/** `ce_source` of every payment event. */
export const paymentEventSource = '/payments/payment';

/** `content-type` of every payment event's value. */
export const paymentEventContentType = 'application/protobuf';

/** `ce_type` of the event that tells of each outcome. Nobody sends `refunded` yet; the notifier has to know it first. */
export const paymentEventTypes = {
  completed: 'payment.v1.PaymentCompleted',
  failed: 'payment.v1.PaymentFailed',
  refunded: 'payment.v1.PaymentRefunded',
} as const;

/** One of the `ce_type`s of payment events. */
export type PaymentEventType = (typeof paymentEventTypes)[keyof typeof paymentEventTypes];
