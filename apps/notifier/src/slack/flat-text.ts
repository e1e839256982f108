import type { SlackText } from '../text/blocks.ts';
import { escapeMrkdwn, withoutLoudNames } from '../text/quoted.ts';

type Part = { type: string; text?: unknown };

/**
 * All that the blocks of a message say, as one text, a line for each: for what takes no blocks. The `text` beside the
 * blocks would be less: of a digest it is the title and the totals. In Slack's escaping, as `text` is.
 */
export function flatText({ text, blocks }: SlackText): string {
  const lines = blocks.flatMap((block) => partsOf(block).map(textOf));
  return withoutLoudNames(lines.filter((line) => line !== '').join('\n')) || text;
}

/** The texts of a header or section, its fields, the elements of a context. */
function partsOf(block: object): Part[] {
  const { text, fields = [], elements = [] } = block as { text?: Part; fields?: Part[]; elements?: Part[] };
  return [...(text ? [text] : []), ...fields, ...elements];
}

function textOf({ type, text }: Part): string {
  if (typeof text !== 'string') return '';
  // Plain text is shown as it is in a block, and would be markup here.
  return type === 'plain_text' ? escapeMrkdwn(text) : text;
}
