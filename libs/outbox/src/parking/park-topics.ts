import type { ParkingContext } from './job.ts';
import type { Refusal } from './refusal.ts';

/**
 * Nothing can be published to a topic, as a message of one lane showed: the topic waits in all lanes of this relay, without
 * a try in each. It is tried again after a pause that grows with each refused batch, however many keys are in it.
 */
export function parkTopics(
  { parked, lanes, now, probeMaxMs }: Pick<ParkingContext, 'parked' | 'lanes' | 'now' | 'probeMaxMs'>,
  refusals: readonly Refusal[],
): void {
  const ofTopics = refusals.filter(({ cause }) => cause === 'TOPIC');
  for (const [name, reason] of new Map(ofTopics.map((refusal) => [refusal.message.topic, refusal]))) {
    const topic = parked.parkTopic(lanes, name, reason);
    topic.works = false;
    topic.dueAt = now() + Math.min(topic.pauseMs, probeMaxMs);
    topic.pauseMs = Math.min(topic.pauseMs * 2, probeMaxMs);
  }
}
