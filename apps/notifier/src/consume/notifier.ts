import { mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { ConsumedMessage } from '@payments/kafka';
import type { MessageEnd } from '../tally.ts';

/** Where messages come from, and what is done with each. */
export type NotifierOptions = {
  messages$: Observable<ConsumedMessage>;
  handle: (message: ConsumedMessage) => Promise<MessageEnd>;
};

/**
 * Handles the messages as they come, many at a time: a channel tells in their order what waits for it, and as many wait
 * as the Kafka library hands on unacknowledged. An offset is given free for its commit when its message is dealt with, not
 * before. Completes with `messages$`, after the messages it took.
 */
export function notifier({ messages$, handle }: NotifierOptions): Observable<MessageEnd> {
  return messages$.pipe(mergeMap((message) => settle(message, handle)));
}

async function settle(message: ConsumedMessage, handle: NotifierOptions['handle']): Promise<MessageEnd> {
  const end = await handle(message);
  if (end === 'left') message.leave();
  else message.ack();
  return end;
}
