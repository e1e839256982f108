import { trace, TraceFlags } from '@opentelemetry/api';
import type { Link } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';

import type { SamplerChoice } from './sampler-choice.ts';

const samplers: Record<SamplerChoice['name'], (ratio: number) => Sampler> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

/**
 * Decides which spans are kept: a span without a parent that links to a sampled one is kept, whatever the chosen sampler
 * would say. The span of a batch, of a digest or of a replay belongs to the traces that it links to, and these were
 * decided upon at their roots.
 */
export function samplerOf({ name, ratio }: SamplerChoice): Sampler {
  const chosen = samplers[name](ratio);
  return {
    shouldSample: (context, traceId, spanName, kind, attributes, links) =>
      trace.getSpanContext(context) === undefined && links.some(isSampled)
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : chosen.shouldSample(context, traceId, spanName, kind, attributes, links),
    toString: () => `LinkBased{${String(chosen)}}`,
  };
}

const isSampled = ({ context }: Link): boolean => (context.traceFlags & TraceFlags.SAMPLED) !== 0;
