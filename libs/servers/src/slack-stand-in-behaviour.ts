/**
 * How the stand-in fails when it is told to. `before` and `after` say on which side of accepting the message the
 * fault lies: after it the message is in the channel although the caller never hears of it.
 */
export type SlackBehaviour =
  | { status: number; body?: string; retryAfterSeconds?: number }
  | { hang: 'before' | 'after' }
  | { reset: 'before' | 'after' }
  | { cut: 'body' }
  | { delayMs: number }
  | { hold: { arrived: () => void; released: Promise<void> } };

/** A request that is kept waiting before its message is taken, until it is released. */
export type HeldRequest = {
  /** Resolves when the request is there, read to its end. */
  arrived: Promise<void>;
  /** Lets it go on; before it arrived, too. */
  release: () => void;
};

/** A behaviour that holds a request, and the way to handle it. */
export function holdRequest(): { behaviour: SlackBehaviour; held: HeldRequest } {
  const [arrival, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return {
    behaviour: { hold: { arrived: arrival.resolve, released: release.promise } },
    held: { arrived: arrival.promise, release: release.resolve },
  };
}

/** The behaviours to come: a queue for the next requests, and one that lasts until it is mended. */
export type SlackBehaviours = {
  /** How to treat the request that just came; undefined: as a sound Slack would. */
  next: (body: string) => SlackBehaviour | undefined;
  failNext: (behaviour: SlackBehaviour, times?: number) => void;
  failAlways: (behaviour: SlackBehaviour) => void;
  failWhen: (judge: (body: string) => SlackBehaviour | undefined) => void;
  recover: () => void;
};

/** What Slack says with each status (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). */
const usualBodies: Record<number, string> = {
  400: 'invalid_payload',
  403: 'action_prohibited',
  404: 'no_service',
  410: 'channel_is_archived',
  429: 'rate_limited',
  500: 'rollup_error',
};

/** The body of an answer for which the spec gave none. */
export const usualBody = (status: number): string => usualBodies[status] ?? '';

/** Keeps the behaviours asked for; the queue goes before what a judge says of the body, and that before the lasting one. */
export function behavioursToCome(): SlackBehaviours {
  const queue: SlackBehaviour[] = [];
  let always: SlackBehaviour | undefined;
  let judged: (body: string) => SlackBehaviour | undefined = () => undefined;
  return {
    next: (body) => queue.shift() ?? judged(body) ?? always,
    failNext: (behaviour, times = 1) => void queue.push(...Array.from({ length: times }, () => behaviour)),
    failAlways: (behaviour) => void (always = behaviour),
    failWhen: (judge) => void (judged = judge),
    recover: () => {
      queue.length = 0;
      always = undefined;
      judged = () => undefined;
    },
  };
}
