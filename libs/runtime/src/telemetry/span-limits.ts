import { getNumberFromEnv } from '@opentelemetry/core';
import type { SpanLimits } from '@opentelemetry/sdk-trace';

import type { TelemetryConfig } from './config.ts';

/**
 * How much a span may hold, from the standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#span-limits), and from `ours` what these do
 * not say.
 */
export function spanLimitsOf(
  ours: Pick<TelemetryConfig, 'linkCountLimit' | 'attributeValueLengthLimit'>,
): SpanLimits {
  const limits = {
    attributeCountLimit: numberOf('SPAN_ATTRIBUTE_COUNT_LIMIT', 'ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLengthLimit:
      ours.attributeValueLengthLimit ??
      numberOf('SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    eventCountLimit: numberOf('SPAN_EVENT_COUNT_LIMIT'),
    linkCountLimit: ours.linkCountLimit ?? numberOf('SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCountLimit: numberOf('EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributePerLinkCountLimit: numberOf('LINK_ATTRIBUTE_COUNT_LIMIT'),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** The first of these variables that says a number. */
const numberOf = (...names: string[]): number | undefined =>
  names.map((name) => getNumberFromEnv(`OTEL_${name}`)).find((number) => number !== undefined);
