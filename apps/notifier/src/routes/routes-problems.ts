import type { Route } from './route.ts';
import { defaultChannel } from './routing.ts';

type File = { channels: readonly { name: string; webhook: string }[]; routes: readonly Route[] };
type Problem = { path: (string | number)[]; message: string };

/** What does not go together in a routes file, each part of which is sound by itself. */
export const routesProblems = (file: File, defaultWebhook: string | undefined): Problem[] => [
  ...file.channels.flatMap((_, index) => channelProblems(file, index, defaultWebhook)),
  ...file.routes.flatMap((_, index) => routeProblems(file, index)),
];

function channelProblems(
  { channels, routes }: File,
  index: number,
  defaultWebhook: string | undefined,
): Problem[] {
  const { name = '', webhook } = channels[index] ?? {};
  const before = channels.slice(0, index);
  const same = [{ name: defaultChannel, webhook: defaultWebhook }, ...before].find(
    (other) => other.webhook === webhook,
  );
  const problems = [
    before.some((other) => other.name === name) && {
      path: ['channels', index, 'name'],
      message: `is "${name}" again: each channel has its own`,
    },
    // Each channel has its own pace, and Slack limits a webhook.
    same && {
      path: ['channels', index, 'webhook'],
      message: `is the webhook of "${same.name}" too: what goes to one place in Slack is one channel`,
    },
    routes.every(({ channel }) => channel !== name) && {
      path: ['channels', index],
      message: `is of no use: no route names "${name}"; add one, or take the channel out`,
    },
  ];
  return problems.filter((problem) => typeof problem === 'object');
}

function routeProblems({ channels, routes }: File, index: number): Problem[] {
  const { channel = '', outcomes, reasons } = routes[index] ?? {};
  const names = [defaultChannel, ...channels.map(({ name }) => name)];
  const problems = [
    !names.includes(channel) && {
      path: ['routes', index, 'channel'],
      message: `must be one of ${names.join(', ')}, not ${JSON.stringify(channel)}`,
    },
    reasons !== undefined &&
      outcomes?.includes('FAILED') === false && {
        path: ['routes', index, 'reasons'],
        message: 'never hold: only what FAILED has a reason',
      },
  ];
  return problems.filter((problem) => typeof problem === 'object');
}
