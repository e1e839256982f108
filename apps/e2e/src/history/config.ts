/** The seeds of `npm test`. */
const fixedSeeds = [1, 2, 3];

/** The seeds to run: those of `HISTORY_SEEDS` (comma-separated), else the fixed ones. */
export function seedsToRun(env: NodeJS.ProcessEnv = process.env): number[] {
  return env['HISTORY_SEEDS']?.split(',').map(Number) ?? fixedSeeds;
}
