import type { SlackMessage, SlackStandIn } from '@payments/servers';

import { inTime } from './station.ts';

/** Waits until Slack was told about a reservation, alone or in a digest, and gives the text. @throws StackError when it is not in time */
export async function seeSlackMessage(options: {
  slack: Pick<SlackStandIn, 'received' | 'onMessage'>;
  reservationId: string;
  stop: AbortSignal;
}): Promise<string> {
  const { slack, reservationId, stop } = options;
  const tells = ({ text, blocks }: SlackMessage) =>
    text.includes(reservationId) || JSON.stringify(blocks).includes(reservationId);
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = slack.onMessage((message) => {
    if (tells(message)) resolve(message.text);
  });
  const early = slack.received().find(tells);
  if (early) resolve(early.text);
  try {
    return await inTime(`a Slack message about ${reservationId}`, stop, promise);
  } finally {
    end();
  }
}
