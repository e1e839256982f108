import type { SlackBlock } from './slack-stand-in-limits.ts';

/** One message in the channel. `at` is the ISO time of its arrival; no blocks are an empty list. */
export type SlackMessage = { at: string; text: string; blocks: SlackBlock[] };

/** One request to the webhook, with what became of it; `accepted`: its message is in the channel. */
export type SlackRequest = {
  at: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  accepted: boolean;
  answer: number | 'hang' | 'reset';
  /** Present where it came before the time was over that a `Retry-After` had asked for: by so many milliseconds. */
  tooSoonMs?: number;
};

/** What was posted, and what was asked. */
export type SlackChannel = {
  messages: readonly SlackMessage[];
  requests: readonly SlackRequest[];
  accept: (message: SlackMessage) => void;
  settle: (request: SlackRequest) => void;
  /** Calls back for each from now on; returns the way to end that. */
  onMessage: (listener: (message: SlackMessage) => void) => () => void;
  onRequest: (listener: (request: SlackRequest) => void) => () => void;
};

/** Begins empty. */
export function openChannel(): SlackChannel {
  const messages = listWithListeners<SlackMessage>();
  const requests = listWithListeners<SlackRequest>();
  return {
    messages: messages.items,
    requests: requests.items,
    accept: messages.add,
    settle: requests.add,
    onMessage: messages.listen,
    onRequest: requests.listen,
  };
}

function listWithListeners<T>() {
  const items: T[] = [];
  const listeners = new Set<(item: T) => void>();
  const add = (item: T) => {
    items.push(item);
    for (const listener of listeners) listener(item);
  };
  const listen = (listener: (item: T) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { items, add, listen };
}
