import type { Locale } from './words/languages.ts';

/** How events are told. */
export type TextOptions = {
  locale: Locale;
  /** How many events of a digest get a line of their own, 1 to 20; failures before others. */
  digestLines: number;
  /** Where a trace is seen, with `{traceId}` in it. */
  traceUrl?: string | undefined;
  /** A post of before may have told the same already: the message says so. */
  mayRepeat?: boolean;
};
