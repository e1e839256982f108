/** How many relays are killed, one every three seconds: `RELAY_KILLS`, default 4. */
export function relayKills(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['RELAY_KILLS'] ?? 4);
}

/** How many messages are published beside a held snapshot: `HELD_SNAPSHOT_MESSAGES`, default 30,000. */
export function heldSnapshotMessages(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['HELD_SNAPSHOT_MESSAGES'] ?? 30_000);
}

/**
 * How often the payment service is killed at least, and the seed by which is drawn where: `PAYMENT_KILLS`, default every point
 * once; `PAYMENT_SEED`, default 1.
 */
export function paymentKills(env: NodeJS.ProcessEnv = process.env): { kills: number; seed: number } {
  return { kills: Number(env['PAYMENT_KILLS'] ?? 0), seed: Number(env['PAYMENT_SEED'] ?? 1) };
}

/** How long the gRPC server is fuzzed, in milliseconds: `FUZZ_MINUTES`, default a quarter of one. */
export function fuzzMs(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['FUZZ_MINUTES'] ?? 0.25) * 60_000;
}

/** How often a notifier is killed at each point: `NOTIFIER_KILLS`, default 2. */
export function notifierKills(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['NOTIFIER_KILLS'] ?? 2);
}

/** How many payments the notifier is to tell at once: `NOTIFIER_LOAD`, default 240; from 1,001 on at Slack's true pace. */
export function notifierLoad(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['NOTIFIER_LOAD'] ?? 240);
}

/** How many messages of garbage come among the payments: `GARBAGE_MESSAGES`, default 3,000. */
export function garbageMessages(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['GARBAGE_MESSAGES'] ?? 3_000);
}

/** What a service is made to leak, to see that it is found: `PLANTED_LEAKS`, a JSON array of texts. */
export function plantedLeaks(env: NodeJS.ProcessEnv = process.env): string[] {
  return JSON.parse(env['PLANTED_LEAKS'] ?? '[]') as string[];
}

/**
 * How many rounds of how many messages each relay drains to show what traces cost, and how many before that are not counted:
 * `TRACING_COST_ROUNDS`, default 3, and `TRACING_COST_ROWS`, default 5,000. With the first one given it is the full count, which
 * compares more relays, starts each anew some times, and bounds the cost closely.
 */
export function tracingCost(env: NodeJS.ProcessEnv = process.env) {
  const rows = Number(env['TRACING_COST_ROWS'] ?? 5000);
  const rounds = env['TRACING_COST_ROUNDS'];
  return rounds === undefined
    ? { rows, warmUp: 1, rounds: 3, starts: 1, full: false }
    : { rows, warmUp: 6, rounds: Number(rounds), starts: 2, full: true };
}
