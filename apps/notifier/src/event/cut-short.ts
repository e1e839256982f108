/** Characters of a text that somebody else chose which are quoted in a log line, an error or a span. */
const quotedCharacters = 200;

/**
 * The beginning of a text, `characters` of it at most, with `…` where the rest was. Whoever may write to the topic may
 * write headers of a megabyte, and a message set aside should cost one line of the log, not a page of it.
 */
export function cutShort(text: string, characters = quotedCharacters): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters - 1).toWellFormed()}…`;
}
