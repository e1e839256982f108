/** How a test came out, told to what it used. */
export interface Outcome {
  failed: boolean;
}

interface SpecResources {
  /** The test that runs now; undefined in beforeAll and afterAll. */
  test: unknown;
  atEnd: { owner: unknown; end: (outcome: Outcome) => Promise<void> }[];
}

const resources = () => (globalThis as { specResources?: SpecResources }).specResources;

/** The test that runs now, as owner of what it makes; undefined means the whole file. */
export const currentTest = (): unknown => resources()?.test;

/**
 * Calls `end` when the outcome of `owner` is known: after the test with its hooks, or at the end of the file. Outside of
 * jest it is called at once.
 */
export async function whenOutcomeIsKnown(
  owner: unknown,
  end: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  const known = resources();
  if (known) known.atEnd.push({ owner, end });
  else await end({ failed: false });
}
