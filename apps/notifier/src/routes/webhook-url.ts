import { boolean, isInTheClear, secretField, secretUrl } from '@payments/runtime';

/**
 * The URL of a Slack webhook: a secret, which whoever can read it on the way could use. `fetch` takes none with a user or a
 * password in it, and its error would repeat all of it. Where `SLACK_INSECURE` of `env` is true it may go in the clear, as to
 * a stand-in within one cluster.
 */
export const webhookUrl = (env: Readonly<Record<string, string | undefined>>) => {
  const insecure = boolean.safeParse(env['SLACK_INSECURE']).data === true;
  return secretField(
    'an https URL (http only to this machine, or with SLACK_INSECURE=true) without a user or password, for example https://hooks.slack.com/services/T0/B0/x',
    (text) => {
      const url = secretUrl.safeParse(text).data;
      if (url === undefined || (isInTheClear(url) && !insecure)) return undefined;
      const { username, password } = new URL(url);
      return username + password === '' ? url : undefined;
    },
  );
};
