import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import type { Link } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';

import { samplerNames } from './sampler-choice.ts';
import { samplerOf } from './sampler.ts';
import type { SamplerChoice } from './sampler-choice.ts';

/** The sampler adds the four parts of an id by XOR: the first gives the highest number, which no ratio under 1 keeps, the second the lowest. */
const [unlucky, lucky] = ['f'.repeat(8) + '0'.repeat(24), '0'.repeat(31) + '1'];

const contextOf = (traceFlags: TraceFlags) => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  traceFlags,
});
const [sampled, unsampled] = [contextOf(TraceFlags.SAMPLED), contextOf(TraceFlags.NONE)];
const linkTo = (context: typeof sampled): Link => ({ context });
const below = (context: typeof sampled) => trace.setSpanContext(ROOT_CONTEXT, context);

function isKept(
  choice: SamplerChoice,
  { traceId = unlucky, parent = ROOT_CONTEXT, links = [] as Link[] } = {},
): boolean {
  const { decision } = samplerOf(choice).shouldSample(parent, traceId, 'send', SpanKind.CLIENT, {}, links);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

const rarely: SamplerChoice = { name: 'parentbased_traceidratio', ratio: 0.01 };

describe('samplerOf', () => {
  it('keeps of 100,000 roots about the ratio', () => {
    const ids = Array.from(
      { length: 100_000 },
      (_, index) =>
        // The whole range of ids, evenly: no luck in it.
        `${'a'.repeat(16)}${BigInt(index * 42_949)
          .toString(16)
          .padStart(8, '0')}${'0'.repeat(8)}`,
    );
    const kept = ids.filter((traceId) => isKept(rarely, { traceId })).length;
    expect(kept).toBeGreaterThan(900);
    expect(kept).toBeLessThan(1100);
  });

  it('keeps a root that links to a sampled span, at a ratio that drops it otherwise', () => {
    expect(isKept(rarely)).toBe(false);
    expect(isKept(rarely, { links: [linkTo(unsampled), linkTo(sampled)] })).toBe(true);
    expect(isKept(rarely, { links: [linkTo(unsampled)] })).toBe(false);
  });

  it('keeps it whatever the sampler', () => {
    for (const name of samplerNames)
      expect(isKept({ name, ratio: 0 }, { links: [linkTo(sampled)] })).toBe(true);
  });

  it('decides nothing below a parent: that was decided at the root', () => {
    expect(isKept(rarely, { parent: below(sampled) })).toBe(true);
    expect(isKept(rarely, { parent: below(unsampled), traceId: lucky })).toBe(false);
    expect(isKept(rarely, { parent: below(unsampled), links: [linkTo(sampled)] })).toBe(false);
  });

  it.each([
    ['always_on', true],
    ['always_off', false],
    ['traceidratio', false],
    ['parentbased_always_on', true],
    ['parentbased_always_off', false],
    ['parentbased_traceidratio', false],
  ] as const)('is for other roots what it is called: %s', (name, kept) => {
    expect(isKept({ name, ratio: 0.01 })).toBe(kept);
  });

  it('says its name, for those who debug', () => {
    expect(String(samplerOf(rarely))).toMatch(/^LinkBased\{ParentBased\{.*TraceIdRatioBased\{0\.01\}/);
  });
});
