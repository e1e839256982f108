import { metrics } from '@opentelemetry/api';
import type { ObservableResult } from '@opentelemetry/api';
import type { RelaySession } from '@payments/outbox';

/** The lanes of whatever session this relay has. */
export type LaneGauge = Disposable & {
  /** From now on the relay works with this session. */
  follow: (session: Pick<RelaySession, 'lanes'>) => void;
};

/** Makes the metric `outbox_lanes_owned`: 0 before the first session, and between two. */
export function observeLanes(): LaneGauge {
  let present: Pick<RelaySession, 'lanes'> | undefined;
  const gauge = metrics.getMeter('@payments/relay').createObservableGauge('outbox.lanes_owned', {
    unit: '{lane}',
    description: 'Of the 16 lanes, those that this relay serves',
  });
  const observe = (result: ObservableResult) => result.observe(present?.lanes().length ?? 0);
  gauge.addCallback(observe);
  return {
    follow: (session) => {
      present = session;
    },
    [Symbol.dispose]: () => gauge.removeCallback(observe),
  };
}
