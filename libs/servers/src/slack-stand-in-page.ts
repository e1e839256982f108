import { formatted, type Reader } from './slack-stand-in-date.ts';
import type { SlackBlock } from './slack-stand-in-limits.ts';
import { mrkdwnAsHtml, plainAsHtml } from './slack-stand-in-mrkdwn.ts';
import { style } from './slack-stand-in-style.ts';

/** What the page shows of a message. */
type Shown = { at: string; text: string; blocks: SlackBlock[] };

/** How the page is shown. `still`: it does not refresh itself every two seconds. */
export type PageOptions = Partial<Reader> & { channel?: string | undefined; still?: boolean };

/**
 * The channel as a page for people, laid out as Slack lays it out, newest last. It has no script, and no text of a
 * message becomes markup.
 */
export function slackPage(messages: readonly Shown[], options: PageOptions = {}): string {
  const { channel = 'payments', still = false, lang = 'en', timeZone, now = new Date() } = options;
  const reader = { lang, timeZone, now };
  const refresh = still ? '' : '<meta http-equiv="refresh" content="2">';
  const title = `# ${plainAsHtml(channel)}`;
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8">${refresh}
<meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head>
<body><header><h1><span>#</span>${plainAsHtml(channel)}</h1></header><main>
${messages.length === 0 ? '<p class="quiet">No message yet.</p>' : ''}
${messages.map((message) => messageAsHtml(message, reader)).join('\n')}
</main></body></html>`;
}

function messageAsHtml({ at, text, blocks }: Shown, reader: Reader): string {
  const body =
    blocks.length > 0
      ? blocks.map((block) => blockAsHtml(block, reader)).join('')
      : `<div class="text">${mrkdwnAsHtml(text, reader)}</div>`;
  const time = formatted(new Date(at), { timeStyle: 'short' }, reader);
  return `<article><div class="icon" aria-hidden="true">P</div><div>
<div class="by"><b>Payments</b><span class="badge">APP</span><time datetime="${plainAsHtml(at)}">${time}</time></div>
${body}</div></article>`;
}

function blockAsHtml(block: SlackBlock, reader: Reader): string {
  switch (block.type) {
    case 'divider':
      return '<hr>';
    case 'header':
      return `<h2>${textAsHtml(block['text'], reader)}</h2>`;
    case 'section':
      return sectionAsHtml(block, reader);
    case 'context':
      return `<div class="context">${listAsHtml(block['elements'], 'span', reader)}</div>`;
    case 'actions':
      return `<div class="actions">${listOf(block['elements']).map(buttonAsHtml).join('')}</div>`;
    default:
      // Nothing that was sent is passed over in silence.
      return `<p class="context">[${plainAsHtml(block.type)}]</p>`;
  }
}

function sectionAsHtml({ text, fields, accessory }: SlackBlock, reader: Reader): string {
  const own = text === undefined ? '' : `<div class="text">${textAsHtml(text, reader)}</div>`;
  const pairs = fields === undefined ? '' : `<div class="fields">${listAsHtml(fields, 'div', reader)}</div>`;
  const aside = accessory === undefined ? '' : buttonAsHtml(accessory);
  return `<section><div>${own}${pairs}</div>${aside}</section>`;
}

const listOf = (items: unknown): unknown[] => (Array.isArray(items) ? items : []);

const listAsHtml = (items: unknown, tag: string, reader: Reader) =>
  listOf(items)
    .map((item) => `<${tag}>${textAsHtml(item, reader)}</${tag}>`)
    .join('');

function textAsHtml(value: unknown, reader: Reader): string {
  const { type, text, alt_text: alt } = (value ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string') return typeof alt === 'string' ? plainAsHtml(`[${alt}]`) : '';
  return type === 'mrkdwn' ? mrkdwnAsHtml(text, reader) : plainAsHtml(text);
}

/** A button, to look at; other elements by their type alone. */
function buttonAsHtml(value: unknown): string {
  const { text, type } = (value ?? {}) as Record<string, unknown>;
  const { text: label } = (text ?? {}) as Record<string, unknown>;
  return `<span class="button">${plainAsHtml(typeof label === 'string' ? label : `[${String(type)}]`)}</span>`;
}
