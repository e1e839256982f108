import type { SlackBlock } from './slack-stand-in-limits.ts';

/** The channel as a page for people: what Slack would show, newest last, refreshed every two seconds. */
export function slackPage(messages: readonly { at: string; text: string; blocks: SlackBlock[] }[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Slack stand-in</title><style>${style}</style></head><body><h1># payments</h1>
${messages.length === 0 ? '<p class="quiet">No message yet.</p>' : ''}
${messages.map(messageAsHtml).join('\n')}
</body></html>`;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:720px;margin:2rem auto;padding:0 1rem;color:#1d1c1d}
article{border-top:1px solid #ddd;padding:.75rem 0}time,.quiet,.context{color:#616061;font-size:13px}
h2{font-size:18px;margin:.25rem 0}.fields{display:grid;grid-template-columns:1fr 1fr;gap:.25rem 1rem}
code{background:#f4f4f4;border:1px solid #ddd;border-radius:3px;padding:0 .25em;color:#e01e5a;word-break:break-all}
p{margin:.25rem 0;overflow-wrap:anywhere}`;

function messageAsHtml({ at, text, blocks }: { at: string; text: string; blocks: SlackBlock[] }): string {
  const body = blocks.length > 0 ? blocks.map(blockAsHtml).join('') : `<p>${mrkdwnAsHtml(text)}</p>`;
  return `<article><time>${plainAsHtml(at)}</time>${body}</article>`;
}

function blockAsHtml(block: SlackBlock): string {
  const { type, text, fields, elements } = block;
  if (type === 'divider') return '<hr>';
  if (type === 'header') return `<h2>${textAsHtml(text)}</h2>`;
  if (type === 'context') return `<p class="context">${listAsHtml(elements, 'span')}</p>`;
  const own = text === undefined ? '' : `<p>${textAsHtml(text)}</p>`;
  return own + (fields === undefined ? '' : `<div class="fields">${listAsHtml(fields, 'p')}</div>`);
}

const listAsHtml = (items: unknown, tag: string) =>
  (Array.isArray(items) ? items : []).map((item) => `<${tag}>${textAsHtml(item)}</${tag}>`).join(' ');

function textAsHtml(value: unknown): string {
  const { type, text } = (value ?? {}) as { type?: unknown; text?: unknown };
  if (typeof text !== 'string') return '';
  return type === 'mrkdwn' ? mrkdwnAsHtml(text) : plainAsHtml(text);
}

/**
 * The little of mrkdwn that matters here. `<…>` is Slack's own syntax (links, dates, mentions) and never HTML:
 * everything is escaped first, so that no text of a message becomes markup of this page. In mrkdwn `&`, `<` and
 * `>` arrive as entities and are shown as characters.
 */
function mrkdwnAsHtml(text: string): string {
  return text
    .split(/(<[^<>]*>)/)
    .map((part) => (part.startsWith('<') ? slackSyntaxAsHtml(part.slice(1, -1)) : formatted(part)))
    .join('');
}

function slackSyntaxAsHtml(inner: string): string {
  const [target = '', label] = inner.split('|');
  if (/^https?:\/\//.test(target))
    return `<a href="${plainAsHtml(target)}">${plainAsHtml(label ?? target)}</a>`;
  if (target.startsWith('!date')) return plainAsHtml(label ?? target);
  return `<mark>${plainAsHtml(`@${label ?? target.replace(/^[!@#]/, '')}`)}</mark>`;
}

const formatted = (text: string) =>
  plainAsHtml(unescapeEntities(text))
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/(?<![\w*])\*([^*<>\n]+)\*(?![\w*])/g, '<b>$1</b>')
    .replaceAll('\n', '<br>');

const unescapeEntities = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

const plainAsHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&#${String(character.codePointAt(0))};`);
