/** The standard's names of samplers, as `OTEL_TRACES_SAMPLER` has them. */
export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** How traces are chosen. `ratio`, from 0 to 1, is for the samplers that have one in their name. */
export type SamplerChoice = { name: (typeof samplerNames)[number]; ratio: number };
