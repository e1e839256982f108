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

/** How many answers 429 are planned. */
export const limitsIn = (faults: readonly Fault[]): number =>
  faults.reduce(
    (sum, { behaviour, times = 1 }) =>
      'status' in behaviour && behaviour.status === 429 ? sum + times : sum,
    0,
  );
