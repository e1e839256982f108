/** Characters of a user's text that are shown; the rest is cut. A field of Block Kit holds 2,000, entities included. */
const shownCharacters = 200;

/** Line breaks, other control characters, and those that turn the writing direction around. */
const unruly = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * Makes a text harmless in Slack: `&`, `<` and `>` become entities, so that `<!channel>` in a name pings nobody
 * (https://docs.slack.dev/messaging/formatting-message-text#escaping).
 */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A text that somebody else chose, on one line, not too long and escaped. An empty one is shown as a dash. */
export function quoted(text: string): string {
  return escapeMrkdwn(oneLine(text));
}

/** The same as inline code, in which `*` and `_` are shown as they are: an id can be copied from it. */
export function quotedAsCode(text: string): string {
  return `\`${escapeMrkdwn(oneLine(text).replaceAll('`', "'"))}\``;
}

function oneLine(text: string): string {
  const characters = [...text.replace(unruly, ' ').trim()];
  if (characters.length === 0) return '–';
  if (characters.length <= shownCharacters) return characters.join('');
  return `${characters.slice(0, shownCharacters - 1).join('')}…`;
}
