import { cutShort } from './cut-short.ts';
import { decodeMessage } from './decode-message.ts';
import { slackText } from './slack-text.ts';
import type { SlackText } from './slack-text.ts';

/** A Kafka message as far as its content goes. */
type Content = { value: Buffer; headers: Record<string, string> };

/** What is to be told, or why this message can never be. */
export type Composed = { ok: true; id: string; text: SlackText } | { ok: false; reason: string };

/**
 * From a Kafka message to Slack's. Pure, never throws: content that nobody foresaw is one message's trouble and must
 * not end the process, which would meet the same message at its next start.
 */
export function composeMessage(message: Content, options: { traceUrl?: string | undefined }): Composed {
  try {
    const decoded = decodeMessage(message);
    if (!decoded.ok) return never(decoded.reason);
    return { ok: true, id: decoded.event.id, text: slackText(decoded.event, options) };
  } catch (error) {
    return never(`no text can be made of it: ${String(error)}`);
  }
}

/** A reason quotes what a stranger wrote, who may have written a megabyte. */
const never = (reason: string): Composed => ({ ok: false, reason: cutShort(reason) });
