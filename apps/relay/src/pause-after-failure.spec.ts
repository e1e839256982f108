import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import { OutboxError } from '@payments/outbox';
import { lastValueFrom } from 'rxjs';

import { pauseAfterFailure } from './pause-after-failure.ts';

function pauses(maxMs: number) {
  const said: object[] = [];
  const reasons: string[] = [];
  const pauseAfter = pauseAfterFailure({
    log: { warn: (fields: object) => void said.push(fields) },
    readiness: { notReady: (part, reason) => reasons.push(`${part}: ${reason}`) },
    maxMs,
  });
  return {
    said,
    reasons,
    after: (error: unknown, failures = 1) => lastValueFrom(pauseAfter(error, failures)),
  };
}

describe('the pause after a failure', () => {
  it('says why, once, in the log and to whoever asks whether the relay is ready', async () => {
    const { said, reasons, after } = pauses(1);
    await after(new KafkaError('KafkaJSConnectionError', 'connect ECONNREFUSED'), 3);
    expect(said).toEqual([
      { attempt: 3, pauseMs: 1, code: 'KafkaJSConnectionError', reason: 'connect ECONNREFUSED' },
    ]);
    expect(reasons).toEqual(['kafka: connect ECONNREFUSED']);
  });

  it('comes after anything that Kafka refuses, for nothing is skipped', async () => {
    const { reasons, after } = pauses(1);
    await after(new KafkaError('MESSAGE_TOO_LARGE', 'too large'));
    expect(reasons).toEqual(['kafka: too large']);
  });

  it('comes after a database that is away, but not after one that can never do', async () => {
    const { reasons, after } = pauses(1);
    await after(new OutboxError('DATABASE_UNAVAILABLE', 'away'));
    expect(reasons).toEqual(['postgres: away']);
    const replica = new OutboxError('SERVER_UNSUITABLE', 'a replica');
    await expect(after(replica)).rejects.toBe(replica);
  });

  it('does not come after a mistake of ours', async () => {
    const mistake = new TypeError('x is not a function');
    await expect(pauses(1).after(mistake)).rejects.toBe(mistake);
  });
});
