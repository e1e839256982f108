/** What can go wrong. Each track has one fault at a time; those of different tracks meet as they come. */
export const faultKinds = {
  relays: ['owner killed', 'owner stopped', 'any relay killed', 'any relay stopped'],
  database: ['database crashed', 'database connections cut', 'checkpoint answer cut off'],
  kafka: ['broker killed', 'leader moved', 'Kafka connections cut', 'produce reply cut off'],
} as const;

/** A stop beyond the 10 s after which a frozen relay's session is ended: it fills a run, and belongs to few of them. */
export const frozen = 'owner frozen';

export type FaultTrack = keyof typeof faultKinds;
export type FaultKind = (typeof faultKinds)[FaultTrack][number] | typeof frozen;

/** A fault of a run. */
export interface PlannedFault {
  kind: FaultKind;
  /** How long, in milliseconds, after the one before in its track was over. */
  afterMs: number;
  /** How long it lasts, in milliseconds, where it lasts. */
  forMs: number;
  /** From 0 to below 1: whom it hits, where there is a choice. */
  whom: number;
}

/**
 * The faults of a run: in each track all kinds, in an order that the seed decides, again and again; more of them than a run
 * has time for.
 */
export function planFaults(options: {
  random: () => number;
  withFrozenOwner: boolean;
}): Record<FaultTrack, PlannedFault[]> {
  const { random, withFrozenOwner } = options;
  const track = (kinds: readonly FaultKind[]): PlannedFault[] =>
    [1, 2, 3, 4, 5].flatMap(() => shuffled(random, kinds).map((kind) => fault(random, kind)));
  const relays = track(faultKinds.relays);
  return {
    relays: withFrozenOwner ? [fault(random, frozen), ...relays] : relays,
    database: track(faultKinds.database),
    kafka: track(faultKinds.kafka),
  };
}

function fault(random: () => number, kind: FaultKind): PlannedFault {
  const forMs = kind === frozen ? 12_000 + random() * 3000 : 500 + random() * 1500;
  return { kind, afterMs: 500 + random() * 1500, forMs, whom: random() };
}

function shuffled<T>(random: () => number, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
