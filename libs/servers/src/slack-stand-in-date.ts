/** Who looks at the page: language, time zone (default: this machine's), and when. */
export type Reader = { lang: 'en' | 'ko'; timeZone?: string | undefined; now: Date };

type Style = Intl.DateTimeFormatOptions;

const dates: Record<string, Style> = {
  date: { dateStyle: 'long' },
  date_short: { dateStyle: 'medium' },
  date_long: { dateStyle: 'full' },
  date_slash: { year: 'numeric', month: '2-digit', day: '2-digit' },
  time: { timeStyle: 'short' },
  time_secs: { timeStyle: 'medium' },
};

/**
 * What a reader sees of `<!date^seconds^format|…>`: the format with its `{tokens}` told in the reader's own time and
 * language (https://docs.slack.dev/messaging/formatting-message-text#date-formatting). Undefined: no such date; Slack
 * shows the fallback.
 */
export function slackDate(seconds: string, format: string, reader: Reader): string | undefined {
  const at = new Date(Number(seconds) * 1000);
  if (seconds.trim() === '' || Number.isNaN(at.getTime())) return undefined;
  return format.replace(/\{(\w+)\}/g, (token, name: string) => tokenAsText(name, at, reader) ?? token);
}

function tokenAsText(name: string, at: Date, reader: Reader): string | undefined {
  if (name === 'date_num') return dayOf(at, reader);
  if (name.endsWith('_pretty')) {
    const plain = name.slice(0, -'_pretty'.length);
    return dates[plain] && (nearDay(at, reader) ?? formatted(at, dates[plain], reader));
  }
  return dates[name] && formatted(at, dates[name], reader);
}

/** `at` in the reader's time. Plain spaces: some versions of ICU put narrow ones before AM and PM. */
export function formatted(at: Date, style: Style, { lang, timeZone }: Reader): string {
  return new Intl.DateTimeFormat(lang, { ...style, timeZone }).format(at).replaceAll('\u202f', ' ');
}

/** Yesterday, today or tomorrow, in words. */
function nearDay(at: Date, reader: Reader): string | undefined {
  const days = (Date.parse(dayOf(at, reader)) - Date.parse(dayOf(reader.now, reader))) / 86_400_000;
  if (Math.abs(days) > 1) return undefined;
  return new Intl.RelativeTimeFormat(reader.lang, { numeric: 'auto' }).format(days, 'day');
}

/** `2026-01-02`, which is how Swedish writes it. */
const dayOf = (at: Date, { timeZone }: Reader) => new Intl.DateTimeFormat('sv', { timeZone }).format(at);
