import type { ParkingBatch, ParkingContext } from './job.ts';
import type { ParkedTopic } from './parked-set.ts';
import { readParked, type ParkedMessages } from './read-parked.ts';
import { releaseParked } from './release-parked.ts';

/**
 * The next batch of a topic that is parked as a whole: its oldest message alone, as a try; once that is taken, what is
 * left in large batches, lane after lane. Each lane is free as soon as nothing is left in it, for while new messages keep
 * coming there may be no moment at which nothing is left in any.
 */
export async function nextOfTopic(
  context: ParkingContext,
  topic: ParkedTopic,
): Promise<ParkingBatch | undefined> {
  const { client, limits, parked } = context;
  const bounds = topic.works ? limits : { rows: 1, bytes: 1 };
  for (const lane of topic.lanes) {
    const scope = { lane, topic: topic.topic, key: null, waitingForTopic: true };
    const found = await readParked(client, scope, bounds);
    if (found.messages.length > 0) return releaseOf(context, { topic, lane, found });
    if (topic.works) free(context, topic, lane);
  }
  // Nothing waits for it: published by a request, or given up.
  for (const lane of topic.lanes) parked.freeTopic(lane, topic.topic);
  return undefined;
}

function releaseOf(
  context: ParkingContext,
  { topic, lane, found }: { topic: ParkedTopic; lane: number; found: ParkedMessages },
): ParkingBatch {
  const { messages, truncated } = found;
  return {
    kind: 'RELEASE',
    messages,
    settle: async (refusals) => {
      const { heads } = await releaseParked(context, { messages, refusals });
      topic.works = !heads.some(({ cause }) => cause === 'TOPIC');
      if (topic.works && !truncated) free(context, topic, lane);
    },
  };
}

function free({ parked, log }: ParkingContext, { topic }: ParkedTopic, lane: number): void {
  parked.freeTopic(lane, topic);
  if (!parked.topic(topic)) log(`topic ${JSON.stringify(topic)} can be written to again: all is released`);
}
