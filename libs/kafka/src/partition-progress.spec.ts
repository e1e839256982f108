import { describe, expect, it } from '@jest/globals';

import { followPartition } from './partition-progress.ts';

/** A partition of which the messages at these offsets are handed on. */
function partitionAt(...offsets: bigint[]) {
  const progress = followPartition();
  offsets.forEach((offset) => progress.delivered(offset));
  return progress;
}

describe('what may be committed of a partition', () => {
  it('is nothing before anything is acked', () => {
    expect(partitionAt(5n, 6n).committable()).toBeUndefined();
  });

  it('goes up to the first message that is not acked', () => {
    const progress = partitionAt(5n, 6n, 7n, 8n);
    for (const offset of [5n, 6n, 8n]) progress.settle(offset, true);
    expect(progress.committable()).toBe(7n);
    progress.settle(7n, true);
    expect(progress.committable()).toBe(9n);
  });

  it('passes offsets that the partition does not have', () => {
    const progress = partitionAt(5n, 9n);
    progress.settle(5n, true);
    progress.settle(9n, true);
    expect(progress.committable()).toBe(10n);
  });

  it('is said once', () => {
    const progress = partitionAt(5n);
    progress.settle(5n, true);
    progress.committed(6n);
    expect(progress.committable()).toBeUndefined();
  });

  it('never passes a message that was left, which is settled all the same', () => {
    const progress = partitionAt(5n, 6n);
    progress.settle(5n, false);
    progress.settle(6n, true);
    expect(progress.committable()).toBeUndefined();
    expect(progress.unsettled()).toBe(0);
    expect(progress.uncommitted()).toBe(2);
  });

  it('is the same when a message is acked twice, or was never handed on', () => {
    const progress = partitionAt(5n, 6n);
    for (const offset of [5n, 5n, 9n]) progress.settle(offset, true);
    expect(progress.committable()).toBe(6n);
    expect(progress.unsettled()).toBe(1);
  });
});
