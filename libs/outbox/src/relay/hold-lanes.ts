import type pg from 'pg';
import { giveLanes, joinRelays, leaveRelays, readLaneOwners, takeLanes } from './own-lanes.ts';
import { shareLanes, type LaneMoves, type LaneOwners } from './share-lanes.ts';

/** What a session does about its lanes. */
export interface LaneHolder {
  /** Looks at who owns what. @returns whether lanes are to move, which is for `settle` to do between two batches. */
  look: () => Promise<boolean>;
  /** Whether the last look found that lanes are to move. */
  due: () => boolean;
  /** Gives back and takes what is to move now. Nothing that was read of a lane given may be acknowledged after that. */
  settle: () => Promise<{ given: number[]; taken: number[] }>;
  /**
   * Looks whether there are others; then leaves the lanes to them, to come back after `ms` milliseconds or when nobody is
   * left. @returns false where there are no others
   */
  standAside: (ms: number) => Promise<boolean>;
}

const nothing: LaneMoves = { take: [], give: [] };

/** Holds a relay's fair share of the lanes on its session. */
export function holdLanes(options: {
  client: pg.Client;
  /** The session's process id on the server. */
  pid: number;
  log: (line: string) => void;
}): LaneHolder {
  const { client, pid, log } = options;
  let moves: LaneMoves = nothing;
  let member = false;
  let asideUntil = 0;
  let held: number[] | undefined;

  const comesBack = ({ members }: LaneOwners) =>
    !member && (performance.now() >= asideUntil || members.length === 0);

  async function look(): Promise<boolean> {
    const owners = await readLaneOwners(client);
    if (comesBack(owners)) {
      await joinRelays(client);
      member = true;
      return look();
    }
    moves = shareLanes(pid, owners);
    return due();
  }

  const due = () => moves.take.length + moves.give.length > 0;

  async function settle(): Promise<{ given: number[]; taken: number[] }> {
    await look();
    const { give: given, take } = moves;
    if (given.length > 0) await giveLanes(client, given);
    const taken = take.length > 0 ? await takeLanes(client, take) : [];
    moves = nothing;
    tell(given, taken);
    return { given, taken };
  }

  function tell(given: number[], taken: number[]): void {
    if (held && given.length + taken.length === 0) return;
    held = [...(held ?? []).filter((lane) => !given.includes(lane)), ...taken].sort(
      (one, other) => one - other,
    );
    log(held.length === 0 ? 'other relays own all lanes: standing by' : `owns lanes ${held.join(', ')}`);
  }

  return {
    look,
    due,
    settle,
    async standAside(ms) {
      const { members } = await readLaneOwners(client);
      if (members.every((other) => other === pid)) return false;
      if (member) log('leaves its lanes to other relays');
      if (member) await leaveRelays(client);
      member = false;
      asideUntil = performance.now() + ms;
      await look();
      return true;
    },
  };
}
