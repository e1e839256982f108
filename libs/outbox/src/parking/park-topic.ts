import type { ParkingContext } from './job.ts';
import type { ParkedReason } from './parked-set.ts';

/**
 * Nothing can be published to a topic, as a message of one lane showed: the topic waits in all lanes of this relay, without
 * a try in each. It is tried again after a pause that grows as long as it is refused.
 */
export function parkTopic(
  { parked, lanes, now, probeMaxMs }: Pick<ParkingContext, 'parked' | 'lanes' | 'now' | 'probeMaxMs'>,
  name: string,
  reason: ParkedReason,
): void {
  const topic = parked.parkTopic(lanes, name, reason);
  topic.works = false;
  topic.dueAt = now() + Math.min(topic.pauseMs, probeMaxMs);
  topic.pauseMs = Math.min(topic.pauseMs * 2, probeMaxMs);
}
