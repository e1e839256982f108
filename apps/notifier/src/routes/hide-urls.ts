/**
 * A text without what follows the host in its URLs. Where names are asked for, somebody may have written a webhook, and which
 * part of that is the secret is known of Slack's own alone.
 */
export const hideUrls = (text: string): string =>
  text.replace(/(https?:\/\/[^\s/?#"'\\]*)[/?#][^\s"'\\]*/gi, '$1/***');
