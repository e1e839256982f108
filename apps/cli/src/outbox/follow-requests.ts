import { setTimeout as pause } from 'node:timers/promises';
import { readRelays, readRequests, type connectForStatus, type RequestProgress } from '@payments/outbox';
import { countText, rangesText } from '../terminal/texts.ts';

type Client = Awaited<ReturnType<typeof connectForStatus>>;

/** How the wait for some requests ended. */
export type Followed = {
  /** UNOWNED: no relay works for a lane of theirs. INTERRUPTED: nobody wanted to wait any longer. LOST: the database did not tell. All
   *  three leave them standing. */
  end: 'FINISHED' | 'UNOWNED' | 'INTERRUPTED' | 'LOST';
  requests: RequestProgress[];
};

/** How often to look, and for how long lanes may be without an owner: relays that share them hand over in 2 s. */
const everyMs = 250;
const unownedMs = 5000;

/** Waits until the owners of the lanes have carried requests out; `tell` gets a line whenever they have come further. */
export const followRequests = async (options: {
  client: Client;
  numbers: readonly number[];
  signal: AbortSignal;
  tell: (line: string) => void;
}): Promise<Followed> => {
  const { client, numbers, signal, tell } = options;
  let told = '';
  let ownedAt = performance.now();
  for (;;) {
    const requests = await readRequests(client, numbers);
    const open = requests.filter(({ finishedAt }) => finishedAt === null);
    if (open.length === 0) return { end: 'FINISHED', requests };
    if (signal.aborted) return { end: 'INTERRUPTED', requests };
    const relays = await readRelays(client);
    const owned = relays.flatMap(({ lanes }) => lanes);
    if (open.every(({ lane }) => owned.includes(lane))) ownedAt = performance.now();
    if (relays.length === 0 || performance.now() - ownedAt > unownedMs) return { end: 'UNOWNED', requests };
    const line = progressText(requests, open);
    if (line !== told) tell(line);
    told = line;
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
};

const progressText = (requests: readonly RequestProgress[], open: readonly RequestProgress[]): string => {
  const count = requests.reduce((sum, request) => sum + request.count, 0);
  const lanes = rangesText([...new Set(open.map(({ lane }) => lane))].sort((a, b) => a - b));
  return `${countText(count, 'message')} so far, waiting for the owner of lane ${lanes}`;
};
