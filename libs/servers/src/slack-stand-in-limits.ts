/**
 * What Slack refuses, as a pure function: the published limits of incoming webhooks and of Block Kit
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
 * https://docs.slack.dev/reference/block-kit/blocks). A message that Slack would refuse must not pass here.
 */

/** One Block Kit block, as it arrived. */
export type SlackBlock = { type: string } & Record<string, unknown>;

/** What a request asks to be posted, or the word with which Slack answers 400. */
export type ReadPayload =
  { ok: true; text: string; blocks: SlackBlock[] } | { ok: false; error: SlackRefusal };

/** The bodies of Slack's 400 answers that a payload alone can cause. */
export type SlackRefusal = 'invalid_payload' | 'no_text' | 'invalid_blocks' | 'msg_blocks_too_long';

const maxBlocks = 50;
/**
 * All blocks of a message together. Slack names the error and no figure. Measured by others
 * (https://github.com/slackapi/bolt-js/issues/2509): 13,297 characters in one block are taken; with a divider beside it
 * 13,172, so a block weighs 125 on top of its text. What Slack's people call 12,000 "with a buffer for block containers"
 * refused 11,341 characters in many blocks, too (https://github.com/slackapi/bolt-js/issues/2867). Both are answers of
 * `chat.postMessage`; of webhooks nothing is known, so here it counts for them as well, and a little earlier than there.
 */
const maxWeight = 13_000;
const blockWeight = 125;
/** A longer text is cut, not refused. */
const maxTextLength = 40_000;
const maxBlockIdLength = 255;

/** Blocks that a message may hold. Those without an entry in `checks` are taken as they are. */
const messageBlocks = new Set([
  ...['actions', 'context', 'divider', 'file', 'header', 'image', 'input', 'markdown', 'rich_text'],
  ...['section', 'table', 'video'],
]);

/** Reads the body of a POST as Slack does. `contentType` is the request's header. */
export function readPayload({ body, contentType }: { body: string; contentType: string }): ReadPayload {
  const payload = parsePayload(body, contentType);
  if (!isRecord(payload)) return { ok: false, error: 'invalid_payload' };
  const { text = '', blocks = [] } = payload;
  if (typeof text !== 'string') return { ok: false, error: 'invalid_payload' };
  if (!Array.isArray(blocks)) return { ok: false, error: 'invalid_blocks' };
  if (text === '' && blocks.length === 0) return { ok: false, error: 'no_text' };
  if (blocks.length > maxBlocks || !blocks.every(isBlock)) return { ok: false, error: 'invalid_blocks' };
  if (weightOf(blocks) > maxWeight) return { ok: false, error: 'msg_blocks_too_long' };
  return { ok: true, text: text.slice(0, maxTextLength), blocks };
}

function parsePayload(body: string, contentType: string): unknown {
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  try {
    if (type === 'application/json') return JSON.parse(body);
    if (type === 'application/x-www-form-urlencoded')
      return JSON.parse(new URLSearchParams(body).get('payload') ?? '');
  } catch {
    return undefined;
  }
  return undefined;
}

/** The characters of all texts as they were sent, entities and all, and what each block weighs by itself. */
const weightOf = (blocks: readonly SlackBlock[]) => blocks.length * blockWeight + textLength(blocks);

function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isRecord(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + (name === 'text' && isString(item) ? item.length : textLength(item)),
    0,
  );
}

/** Per block type: whether its own fields are within the limits. */
const checks: Record<string, (block: SlackBlock) => boolean> = {
  section: ({ text, fields }) =>
    (text !== undefined || fields !== undefined) &&
    (text === undefined || isText(text, { max: 3000 })) &&
    (fields === undefined || isList(fields, 10, (field) => isText(field, { max: 2000 }))),
  header: ({ text }) => isText(text, { max: 150, plain: true }),
  context: ({ elements }) =>
    isList(elements, 10, (element) => isText(element, { max: 3000 }) || isImage(element)),
  image: isImage,
  actions: ({ elements }) =>
    isList(elements, 25, (element) => isRecord(element) && isString(element['type'])),
};

function isBlock(block: unknown): block is SlackBlock {
  if (!isRecord(block) || !isString(block['type']) || !messageBlocks.has(block['type'])) return false;
  const id = block['block_id'];
  if (id !== undefined && !(isString(id) && id.length <= maxBlockIdLength)) return false;
  return checks[block['type']]?.(block as SlackBlock) ?? true;
}

/** A text object: `plain_text` may have `emoji`, `mrkdwn` may have `verbatim`, neither the other's. */
function isText(value: unknown, { max, plain = false }: { max: number; plain?: boolean }): boolean {
  if (!isRecord(value)) return false;
  const { type, text, emoji, verbatim } = value;
  if (!isString(text) || text.length === 0 || text.length > max) return false;
  if (type === 'plain_text') return verbatim === undefined && isOptionalBoolean(emoji);
  return type === 'mrkdwn' && !plain && emoji === undefined && isOptionalBoolean(verbatim);
}

function isImage(value: unknown): boolean {
  if (!isRecord(value) || value['type'] !== 'image') return false;
  const { image_url: url, slack_file: file, alt_text: alt } = value;
  return isString(alt) && alt.length <= 2000 && (isRecord(file) || (isString(url) && url.length <= 3000));
}

function isList(value: unknown, max: number, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= max && value.every(isItem);
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isOptionalBoolean = (value: unknown) => value === undefined || typeof value === 'boolean';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
