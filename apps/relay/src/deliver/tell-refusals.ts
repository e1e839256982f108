import { releaseCommand, type Batch, type Refusal } from '@payments/outbox';

/** A line of the log. */
export type RefusalLine = { fields: Record<string, unknown>; says: string };

/**
 * What the log says of what was refused: a line for each message that holds up its key, and one for each topic; none for
 * those that only follow, and none for a parked topic's next try.
 */
export function refusalLines(kind: Batch['kind'], refusals: readonly Refusal[]): RefusalLine[] {
  const messages = refusals
    .filter(({ cause }) => cause === 'MESSAGE')
    .map((refusal) => aboutMessage(kind, refusal));
  return [...messages, ...(kind === 'RELEASE' ? [] : aboutTopics(kind, refusals))];
}

const says: Record<Batch['kind'], string> = {
  LOG: 'message parked, and what follows it of its key',
  RELEASE: 'message refused again: it stays parked, and what follows it of its key',
  REPUBLISH: 'message not published again',
};

function aboutMessage(kind: Batch['kind'], { message, code, error }: Refusal): RefusalLine {
  const { id, topic, key } = message;
  const remedy = `mend what the reason says, then \`${releaseCommand(key)}\`; or give it up: \`npm run outbox -- discard ${id}\``;
  return {
    fields: { id, topic, key, code, reason: error, ...(kind !== 'REPUBLISH' && { remedy }) },
    says: says[kind],
  };
}

function aboutTopics(kind: Batch['kind'], refusals: readonly Refusal[]): RefusalLine[] {
  const ofTopics = refusals.filter(({ cause }) => cause === 'TOPIC');
  const topics = new Map(ofTopics.map((refusal) => [refusal.message.topic, refusal]));
  return [...topics].map(([topic, { code, error }]) => ({
    fields: {
      topic,
      code,
      reason: error,
      messages: ofTopics.filter(({ message }) => message.topic === topic).length,
      remedy: 'mend the topic: its messages are released by themselves when it takes them',
    },
    says: kind === 'LOG' ? 'topic parked: nothing can be published to it' : 'topic refuses messages',
  }));
}
