import { isInTheClear, secretField, secretUrl } from '@payments/runtime';

/** The URL of a Slack webhook: a secret, which whoever can read it on the way could use. */
export const webhookUrl = secretField(
  'an https URL (http only to this machine), for example https://hooks.slack.com/services/T0/B0/x',
  (text) => {
    const url = secretUrl.safeParse(text).data;
    return url !== undefined && !isInTheClear(url) ? url : undefined;
  },
);
