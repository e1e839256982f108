/** How much of a stranger's text is shown. */
export type Room = {
  /** The most characters of it; a pair of surrogates is one. */
  characters?: number;
  /** The most it may cost, escaped and with what stands around it: see `cost`. Less than 5 may not hold. */
  cost?: number;
};

/** Characters of an id that are shown; the rest is cut. A field of Block Kit holds 2,000, entities included. */
const usualCharacters = 200;

/** Line breaks and other control characters, those that turn the writing direction around, and some that nobody sees. */
const unruly = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060-\u206f\ufeff\ufff9-\ufffb]+/gu;
const invisible = /^[\s\p{Default_Ignorable_Code_Point}]*$/u;

/** Letters that are written from right to left: they would take their neighbours with them. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [isolate, endIsolate] = ['\u2068', '\u2069'];

const loudNames = /@(?=here|channel|everyone)/giu;

/** Slack makes a mention of some names where it looks for names; it finds none behind a word joiner. */
export const withoutLoudNames = (text: string): string => text.replace(loudNames, '@\u2060');

/**
 * Makes a text harmless in Slack: `&`, `<` and `>` become entities, so that `<!channel>` in a name pings nobody
 * (https://docs.slack.dev/messaging/formatting-message-text#escaping).
 */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * What a text weighs against Slack's limits: its characters as JSON writes them. Slack says nowhere how it counts those
 * of all blocks together; this is never less than their number.
 */
export const cost = (text: string): number => JSON.stringify(text).length - 2;

/** A text that somebody else chose, on one line, not too long and escaped. An empty one is shown as a dash. */
export const quoted = (text: string, room: Room = {}): string =>
  fitted(withoutLoudNames(oneLine(text)), room);

/** The same as inline code, in which `*` and `_` are shown as they are: an id can be copied from it. */
export const quotedAsCode = (text: string, room: Room = {}): string => fitted(oneLine(text), room, '`');

function oneLine(text: string): string {
  const line = text.toWellFormed().replace(unruly, ' ').replaceAll('`', "'").trim();
  return invisible.test(line) ? '–' : line;
}

function fitted(
  text: string,
  { characters = usualCharacters, cost: room = Infinity }: Room,
  around = '',
): string {
  const [begin, end] = rightToLeft.test(text) ? [isolate + around, around + endIsolate] : [around, around];
  return begin + beginningOf(text, characters, room - begin.length - end.length) + end;
}

/** Whole characters and whole entities, with `…` where the rest was. */
function beginningOf(text: string, characters: number, room: number): string {
  const shown: string[] = [];
  // How many of them leave room for the mark.
  let [left, withMark] = [room, 0];
  for (const character of text) {
    const escaped = escapeMrkdwn(character);
    left -= cost(escaped);
    if (left < 0 || shown.length === characters) return `${shown.slice(0, withMark).join('')}…`;
    shown.push(escaped);
    if (left >= 1 && shown.length < characters) withMark = shown.length;
  }
  return shown.join('');
}
