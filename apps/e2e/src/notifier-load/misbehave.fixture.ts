import type { SlackBehaviour, SlackStandIn } from '@payments/servers';

/** So many requests after the start, Slack treats the next ones so. */
export interface Fault {
  after: number;
  behaviour: SlackBehaviour;
  times?: number;
}

/** Lets Slack fail by plan. None of it leaves a message in the channel without saying so: whoever repeats it tells it once. */
export function misbehave(slack: SlackStandIn, faults: readonly Fault[]): void {
  let requests = 0;
  slack.onRequest(() => {
    requests += 1;
    for (const { after, behaviour, times } of faults)
      if (after === requests) slack.failNext(behaviour, times);
  });
}

/** The `Retry-After` of each answer 429 that is planned, in milliseconds. */
export const retryAftersOf = (faults: readonly Fault[]): number[] =>
  faults.flatMap(({ behaviour, times = 1 }) =>
    'status' in behaviour && behaviour.status === 429
      ? Array.from({ length: times }, () => (behaviour.retryAfterSeconds ?? 0) * 1000)
      : [],
  );
