/**
 * A time in the reader's time zone; the part after `|` is for clients that cannot
 * (https://docs.slack.dev/messaging/formatting-message-text#date-formatting). What lies before 1970 Slack may not know.
 */
export function slackDate(at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const utc = `${at
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ')} UTC`;
  return seconds < 0 ? utc : `<!date^${String(seconds)}^{date_short_pretty} {time_secs}|${utc}>`;
}
