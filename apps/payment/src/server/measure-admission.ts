import { metrics } from '@opentelemetry/api';
import type { ObservableResult } from '@opentelemetry/api';
import type { Admission } from './admission.ts';

/** The metric `payment_calls_in_progress`. Disposing it ends it. To be called after the meter is there. */
export const measureAdmission = ({ inProgress }: Pick<Admission, 'inProgress'>): Disposable => {
  const calls = metrics.getMeter('@payments/payment').createObservableGauge('payment.calls_in_progress', {
    description: 'calls that are being worked on, also those whose caller has gone',
  });
  const observe = (result: ObservableResult) => result.observe(inProgress());
  calls.addCallback(observe);
  return { [Symbol.dispose]: () => calls.removeCallback(observe) };
};
