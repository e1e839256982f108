/**
 * `://user:password@`: everything from the colon to the last `@` before the path. It begins at the `://`, where no second
 * match can begin within the first: every line of a log passes here, and may hold a stranger's text. With the scheme
 * before it, the search began again at every letter of `a.a.a.`, and 120 kB of that held the process up for 11 s.
 */
const passwordInUrl = /(:\/\/[^\s:@/"'\\]*):[^\s/"'\\]*@/g;

/**
 * The path of a Slack webhook is its whole secret, also of one that starts a workflow (`/triggers`, of old `/workflows`).
 * No word boundary before it: in a line of JSON a new line is written `\n`, and the URL after it follows on a letter.
 */
const slackWebhook = /(https?:\/\/[^\s/"'\\]+\/(?:services|triggers|workflows))\/[^\s"'\\]+/gi;

/** The same as a parameter, where PostgreSQL takes it too. */
const passwordParameter = /([?&](?:ssl)?password=)[^\s&"'\\]*/gi;

/**
 * The detail of a PostgreSQL error, as MikroORM writes it into the message, or as a field: it holds the row, or its key, that
 * the statement was about. To the end of its line or string, where a new line may be written `\n`.
 */
const rowOfDatabaseError = /( - detail: |"detail":")(?:[^\\"\n]|\\[^n\n])*/g;

/**
 * Takes passwords of URLs, the secret part of Slack webhooks and the rows in PostgreSQL's errors out of a text, for logs and
 * error messages.
 */
export function redactSecrets(text: string): string {
  return text
    .replace(passwordInUrl, '$1:***@')
    .replace(passwordParameter, '$1***')
    .replace(slackWebhook, '$1/***')
    .replace(rowOfDatabaseError, '$1***');
}
