import { releaseCommand } from './release-command.ts';
import { inTransaction } from '../in-transaction.ts';
import type { Job, ParkingContext } from './job.ts';
import { noteProgress, type Request } from './requests.ts';
import { countParked, settleParked } from './settle-parked.ts';

/** Gives a parked message up. What follows it stays parked until it is released: nobody has said yet that it may go. */
export function discardRequest(context: ParkingContext, request: Request): Job {
  const { client, parked } = context;
  const at = { lane: request.lane, topic: request.topic ?? '', key: request.key ?? '' };
  let outcome: string | null = null;
  return {
    lane: request.lane,
    outcome: () => outcome,
    next: async () => {
      const left = await inTransaction(client, async () => {
        const count = await settleParked(client, [{ seq: request.seq ?? 0n }], 'DISCARDED');
        const left = await countParked(client, at);
        outcome = discardOutcome({ ...at, count, left });
        await noteProgress(client, { ...request, count }, outcome);
        return left;
      });
      if (left === 0) parked.freeKey(at.lane, at);
      return undefined;
    },
  };
}

/** What became of a discard, in a sentence. `left`: how many messages of its key are still parked. */
function discardOutcome(options: { count: number; left: number; key: string }): string {
  const { count, left, key } = options;
  const discarded = count > 0 ? 'Discarded' : 'It was not parked any more';
  if (left === 0) return `${discarded}; nothing of its key is parked.`;
  const name = JSON.stringify(key);
  const [stay, them] = left === 1 ? ['stays', 'it'] : ['stay', 'them'];
  return `${discarded}; ${left} of key ${name} ${stay} parked: \`${releaseCommand(key)}\` publishes ${them}.`;
}
