import type pg from 'pg';
import {
  catchError,
  concatMap,
  exhaustMap,
  filter,
  from,
  fromEvent,
  interval,
  map,
  merge,
  of,
  Subject,
  type Observable,
} from 'rxjs';
import { wakeChannel } from '../wake/channel.ts';
import { lanesChannel } from './own-lanes.ts';

/**
 * How often, in milliseconds, a relay looks at who owns what. It finds within that time that another one is gone, and it is
 * the sign of life that keeps PostgreSQL from ending the session, after 10 s.
 */
const lookEveryMs = 1000;

/** Hints of the server, by channel, and by what they say where that matters. */
export async function listen(
  client: pg.Client,
): Promise<(channel: string, payload?: string) => Observable<void>> {
  for (const channel of [wakeChannel, lanesChannel]) await client.query(`listen ${channel}`);
  const notification$ = fromEvent(client, 'notification') as Observable<pg.Notification>;
  return (channel, payload) =>
    notification$.pipe(
      filter((hint) => hint.channel === channel && (payload === undefined || hint.payload === payload)),
      map(() => undefined),
    );
}

/**
 * Looks every second, and on a hint. `due$` emits when lanes are to move. A failed look is told by the loss of the session.
 */
export function lookAgain(look: () => Promise<boolean>, hint$: Observable<void>) {
  const due$ = new Subject<void>();
  const lookOnce = () => from(look()).pipe(catchError(() => of(false)));
  const looking = merge(
    interval(lookEveryMs).pipe(exhaustMap(lookOnce)),
    hint$.pipe(concatMap(lookOnce)),
  ).subscribe((due) => {
    if (due) due$.next();
  });
  return { due$, end: () => looking.unsubscribe() };
}
