/** What a consumer has handed on of one partition, and how much of it may be committed. */
export type PartitionProgress = {
  /** The message at this offset is handed on. Offsets come in order. */
  delivered(offset: bigint): void;
  /** The message is dealt with (`acked`), or will not be dealt with here. A repetition is ignored. */
  settle(offset: bigint, acked: boolean): void;
  /** Messages that are handed on and not settled. */
  unsettled(): number;
  /** Messages from the first one that is not acked to the last one handed on: what a restart would repeat. */
  uncommitted(): number;
  /** The offset to commit, or undefined where nothing new is to be: everything before it is acked, without a gap. */
  committable(): bigint | undefined;
  committed(offset: bigint): void;
};

/** Follows one partition, from its assignment to the next rebalance. Pure: it knows no Kafka. */
export function followPartition(): PartitionProgress {
  const open: { offset: bigint; state: 'delivered' | 'acked' | 'left' }[] = [];
  let unsettled = 0;
  let next: bigint | undefined;
  let committed: bigint | undefined;

  /** Moves past the messages acked without a gap. One that was left holds everything behind it back, for good. */
  const advance = () => {
    const gap = open.findIndex(({ state }) => state !== 'acked');
    const last = open.splice(0, gap === -1 ? open.length : gap).at(-1);
    if (last) next = last.offset + 1n;
  };

  return {
    delivered: (offset) => {
      open.push({ offset, state: 'delivered' });
      unsettled += 1;
    },
    settle: (offset, acked) => {
      const message = open.find((one) => one.offset === offset && one.state === 'delivered');
      if (!message) return;
      message.state = acked ? 'acked' : 'left';
      unsettled -= 1;
      advance();
    },
    unsettled: () => unsettled,
    uncommitted: () => open.length,
    committable: () => (next === committed ? undefined : next),
    committed: (offset) => {
      committed = offset;
    },
  };
}
