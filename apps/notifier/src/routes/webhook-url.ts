import { isInTheClear, secretField, secretUrl } from '@payments/runtime';

/**
 * The URL of a Slack webhook: a secret, which whoever can read it on the way could use. `fetch` takes none with a user or a
 * password in it, and its error would repeat all of it.
 */
export const webhookUrl = secretField(
  'an https URL (http only to this machine) without a user or password, for example https://hooks.slack.com/services/T0/B0/x',
  (text) => {
    const url = secretUrl.safeParse(text).data;
    if (url === undefined || isInTheClear(url)) return undefined;
    const { username, password } = new URL(url);
    return username + password === '' ? url : undefined;
  },
);
