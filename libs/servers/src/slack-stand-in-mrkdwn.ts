import { slackDate, type Reader } from './slack-stand-in-date.ts';

/**
 * Slack's mrkdwn (https://docs.slack.dev/messaging/formatting-message-text) as HTML: `*bold*`, `_italic_`, `~struck~`,
 * code, quotes, links, dates and mentions. `<…>` is Slack's own syntax and never HTML: everything is escaped, so that no
 * text of a message becomes markup of the page. `&`, `<` and `>` arrive as entities and are shown as characters.
 */
export function mrkdwnAsHtml(text: string, reader: Reader): string {
  const { keep, restore } = keptAside();
  const withoutSyntax = text
    .replace(marks, '')
    .replace(/<([^<>]*)>/g, (_, inner: string) => keep(slackSyntaxAsHtml(inner, reader)));
  const escaped = plainAsHtml(unescapeEntities(withoutSyntax))
    .replace(/```\n?(.+?)\n?```/gs, (_, code: string) => keep(`<pre>${code}</pre>`))
    .replace(/`([^`\n]+)`/g, (_, code: string) => keep(`<code>${code}</code>`))
    .replace(quote, (lines) =>
      keep(`<blockquote>${styled(lines.trimEnd().replace(/^&#62; ?/gm, ''))}</blockquote>`),
    );
  return restore(styled(escaped));
}

/** A text as it is, in HTML. */
export function plainAsHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.codePointAt(0))};`);
}

/** Of no script: they mark the places of what is kept aside, and are taken out of the text before. */
const marks = /[\ue000\ue001]/g;

/** Lines that begin with `>`. */
const quote = /^&#62; ?.+(\n&#62; ?.+)*\n?/gm;

/** HTML that is done already, put aside while the text around it is worked on. */
function keptAside() {
  const kept: string[] = [];
  const keep = (html: string) => `\ue000${String(kept.push(html) - 1)}\ue001`;
  const restore = (html: string): string =>
    html.replace(/\ue000(\d+)\ue001/g, (_, index: string) => restore(kept[Number(index)] ?? ''));
  return { keep, restore };
}

const styled = (html: string) =>
  between('~', 's', between('_', 'i', between('*', 'b', html))).replaceAll('\n', '<br>');

/** As in Slack, a sign that touches a letter or a digit on its outer side means nothing, in any script. */
function between(sign: string, tag: string, html: string): string {
  const outside = `[\\p{L}\\p{N}${sign}]`;
  const span = `(?<!${outside})[${sign}](?!\\s)([^${sign}\\n]+)(?<!\\s)[${sign}](?!${outside})`;
  return html.replace(new RegExp(span, 'gu'), `<${tag}>$1</${tag}>`);
}

function slackSyntaxAsHtml(inner: string, reader: Reader): string {
  const [, target = '', label] = /^([^|]*)(?:\|(.*))?$/s.exec(unescapeEntities(inner)) ?? [];
  const [kind, seconds = '', format = '', link = ''] = target.split('^');
  if (kind === '!date') {
    const shown = slackDate(seconds, format, reader) ?? label ?? '';
    return link ? linkAsHtml(link, shown) : plainAsHtml(shown);
  }
  if (/^[!@#]/.test(target)) return `<mark>${plainAsHtml(mentionOf(target, label))}</mark>`;
  return linkAsHtml(target, label ?? target);
}

/** Only where a person may safely be led by a click. */
function linkAsHtml(url: string, label: string): string {
  if (!/^(https?:\/\/|mailto:)/.test(url)) return plainAsHtml(label);
  return `<a href="${plainAsHtml(url)}">${plainAsHtml(label)}</a>`;
}

function mentionOf(target: string, label: string | undefined): string {
  const sign = target.startsWith('#') ? '#' : '@';
  return sign + (label ?? target.slice(1)).replace(/^[@#]/, '');
}

const unescapeEntities = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
