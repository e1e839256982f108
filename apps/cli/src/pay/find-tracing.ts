import { traceUrlOf } from '@payments/runtime';
import type { CliConfig } from '../config.ts';
import { readStack } from '../read-stack.ts';

/** Where the spans of a command go, and where they can be seen. */
export type Tracing = {
  /** Base URL; undefined: where the standard variables say. */
  otlpEndpoint?: string;
  /** Where a trace can be seen, with `{traceId}` in it; undefined where that is not known. */
  findLink: () => Promise<string | undefined>;
};

/** By the standard variables, else the Jaeger of the running local system; undefined where there is none. */
export const findTracing = async ({
  traces,
  traceUrl,
  stackFile,
}: CliConfig): Promise<Tracing | undefined> => {
  if (traces === 'nowhere') return undefined;
  if (traces === 'as set') return { findLink: () => Promise.resolve(traceUrl) };
  const { otlp, query } = (await readStack(stackFile)).jaeger ?? {};
  if (!isUrl(otlp)) return undefined;
  const ofJaeger = async () => (isUrl(query) ? await traceUrlOf(query) : undefined);
  return {
    otlpEndpoint: otlp,
    findLink: traceUrl === undefined ? ofJaeger : () => Promise.resolve(traceUrl),
  };
};

const isUrl = (value: unknown): value is string => typeof value === 'string' && URL.canParse(value);
