/**
 * Measures systems in turns, there and back (A B, B A, …), so that a machine that gets slower or faster does so for all of them.
 * The first `warmUps` rounds are not counted.
 * @returns for each system, in the order given, what each of its counted rounds brought
 */
export async function inTurns<System, Result>(options: {
  systems: readonly System[];
  rounds: number;
  warmUps: number;
  stop: AbortSignal;
  measure: (system: System, round: number) => Promise<Result>;
}): Promise<Result[][]> {
  const { systems, rounds, warmUps, stop, measure } = options;
  const results: Result[][] = systems.map(() => []);
  const order = systems.map((system, index) => ({ system, own: results[index] }));
  for (let round = -warmUps; round < rounds; round++) {
    for (const { system, own } of round % 2 === 0 ? order : order.toReversed()) {
      stop.throwIfAborted();
      const result = await measure(system, round);
      if (round >= 0) own?.push(result);
    }
  }
  return results;
}
