/** Characters of a text that somebody else chose which are quoted in a log line, an error or a span. */
const quotedCharacters = 200;

/**
 * The beginning of a text, with `…` where the rest was. Whoever may write to the topic may write headers of a megabyte,
 * and a message set aside should cost one line of the log, not a page of it.
 */
export function cutShort(text: string): string {
  if (text.length <= quotedCharacters) return text;
  return `${text.slice(0, quotedCharacters - 1).toWellFormed()}…`;
}
