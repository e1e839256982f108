import type { Fault } from './misbehave.fixture.ts';

/** Some notifiers and what their Slack does to them. */
export interface FleetPlan {
  notifiers: number;
  restartAfter?: number;
  /**
   * So many requests may come to Slack more than an interval late, at another's turn. Each of several notifiers may have one
   * under way, and at a short interval a machine need not stand still for long for that.
   */
  late?: number;
  faults: readonly Fault[];
  /** All has to be told within this time, in milliseconds. */
  withinMs: number;
}

/** `burst` requests at once after a rest, else one each `intervalMs`. */
export type Limit = { intervalMs: number; burst: number };

/** The same events for each fleet. */
export interface Load {
  limit: Limit;
  fleets: readonly FleetPlan[];
}

const sixMinutes = 360_000;
/** A webhook that does not work is tried again after this. */
const brokenPauseMs = 30_000;

/** The notifier's own burst, at a pace of which `npm test` need not wait long. */
export const smallLoad: Load = {
  limit: { intervalMs: 400, burst: 3 },
  fleets: [
    {
      notifiers: 1,
      withinMs: 120_000,
      faults: [
        { after: 2, behaviour: { status: 429, retryAfterSeconds: 2 } },
        { after: 5, behaviour: { status: 503 } },
        { after: 8, behaviour: { reset: 'before' } },
        { after: 11, behaviour: { hang: 'before' } },
      ],
    },
    {
      notifiers: 3,
      restartAfter: 5,
      late: 2,
      withinMs: 120_000,
      faults: [
        { after: 2, behaviour: { status: 429, retryAfterSeconds: 2 } },
        { after: 6, behaviour: { status: 500 } },
        { after: 9, behaviour: { reset: 'before' } },
      ],
    },
  ],
};

const timesBroken = 5;

/** Slack's pace. The second Slack's webhook does not work for minutes, which are added to the six. */
export const fullLoad: Load = {
  limit: { intervalMs: 1000, burst: 3 },
  fleets: [
    {
      notifiers: 1,
      withinMs: sixMinutes,
      faults: [
        { after: 20, behaviour: { status: 429, retryAfterSeconds: 5 } },
        { after: 45, behaviour: { status: 503 }, times: 3 },
        { after: 70, behaviour: { hang: 'before' } },
        { after: 95, behaviour: { reset: 'before' }, times: 2 },
        { after: 120, behaviour: { status: 403 } },
        { after: 160, behaviour: { status: 429, retryAfterSeconds: 10 } },
        { after: 190, behaviour: { status: 500 } },
      ],
    },
    {
      notifiers: 3,
      restartAfter: 130,
      withinMs: sixMinutes + timesBroken * brokenPauseMs,
      faults: [
        { after: 20, behaviour: { status: 429, retryAfterSeconds: 5 } },
        { after: 45, behaviour: { status: 502 } },
        { after: 70, behaviour: { hang: 'before' } },
        { after: 95, behaviour: { reset: 'before' } },
        { after: 180, behaviour: { status: 403 }, times: timesBroken },
        { after: 210, behaviour: { status: 429, retryAfterSeconds: 10 } },
      ],
    },
  ],
};
