/** How many relays are killed, one every three seconds: `RELAY_KILLS`, default 4. */
export function relayKills(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['RELAY_KILLS'] ?? 4);
}

/** How many messages are published beside a held snapshot: `HELD_SNAPSHOT_MESSAGES`, default 30,000. */
export function heldSnapshotMessages(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['HELD_SNAPSHOT_MESSAGES'] ?? 30_000);
}
