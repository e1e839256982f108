import { metrics } from '@opentelemetry/api';
import type { ObservableResult } from '@opentelemetry/api';

import type { SlotWatch } from '../watch-slots.ts';

/** Shows how many slots are overdue, until it is disposed of. Each relay follows all slots: those of several do not add up. */
export function observeOverdueSlots(watch: Pick<SlotWatch, 'overdue'>): Disposable {
  const gauge = metrics.getMeter('@payments/relay').createObservableGauge('outbox.overdue_slots', {
    description: 'Slots of the ring that could not be emptied for a day after they were due',
    unit: '{slot}',
  });
  const observe = (result: ObservableResult) => result.observe(watch.overdue(performance.now()));
  gauge.addCallback(observe);
  return { [Symbol.dispose]: () => gauge.removeCallback(observe) };
}
