/** `scheme://user:password@`: everything from the colon to the last `@` before the path. */
const passwordInUrl = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*):[^\s/"'\\]*@/gi;

/** The path of a Slack webhook is its whole secret. */
const slackWebhook = /\b(https?:\/\/[^\s/"'\\]+\/services)\/[^\s"'\\]+/gi;

/** Takes passwords of URLs and the secret part of Slack webhooks out of a text, for logs and error messages. */
export function redactSecrets(text: string): string {
  return text.replace(passwordInUrl, '$1:***@').replace(slackWebhook, '$1/***');
}
