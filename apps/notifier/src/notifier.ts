import { concatMap, groupBy, mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { partitionName } from '@payments/kafka';
import type { ConsumedMessage } from '@payments/kafka';
import type { Told } from './tell-message.ts';

/** Where messages come from, and what is done with each. */
export type NotifierOptions = {
  messages$: Observable<ConsumedMessage>;
  tell: (message: ConsumedMessage) => Promise<Told>;
};

/**
 * Tells the messages of each partition one after the other, and those of different partitions side by side; an offset
 * is given free for its commit when its message is dealt with, not before. Completes with `messages$`, after the
 * messages it took.
 */
export function notifier({ messages$, tell }: NotifierOptions): Observable<Told> {
  return messages$.pipe(
    groupBy((message) => partitionName(message)),
    mergeMap((partition$) => partition$.pipe(concatMap((message) => settle(message, tell)))),
  );
}

async function settle(message: ConsumedMessage, tell: NotifierOptions['tell']): Promise<Told> {
  const told = await tell(message);
  if (told === 'left') message.leave();
  else message.ack();
  return told;
}
