import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  behavioursToCome,
  holdRequest,
  rateLimiter,
  usualBody,
  type HeldRequest,
  type SlackBehaviour,
  type SlackRateLimit,
} from './slack-stand-in-behaviour.ts';
import { readPayload, type SlackBlock } from './slack-stand-in-limits.ts';
import { slackPage } from './slack-stand-in-page.ts';

/** One message in the channel. `at` is the ISO time of its arrival; no blocks are an empty list. */
export type SlackMessage = { at: string; text: string; blocks: SlackBlock[] };

/** One request to the webhook, with what became of it; `accepted`: its message is in the channel. */
export type SlackRequest = {
  at: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  accepted: boolean;
  answer: number | 'hang' | 'reset';
};

/** A Slack of one channel on this machine. Disposing it cuts open connections too. */
export type SlackStandIn = AsyncDisposable & {
  port: number;
  /** The secret URL to post to. */
  webhook: string;
  /** GET: every message received, oldest first, as JSON `[{ at, text, blocks }]`. */
  messages: string;
  /** GET: the channel as a page for people. */
  page: string;
  received(): readonly SlackMessage[];
  /** Every request to the webhook, oldest first, the refused ones too. */
  requests(): readonly SlackRequest[];
  /** Calls back for each message accepted from now on; returns the way to end that. */
  onMessage(listener: (message: SlackMessage) => void): () => void;
  /** Calls back for each request to the webhook once its fate is settled; returns the way to end that. */
  onRequest(listener: (request: SlackRequest) => void): () => void;
  /** The next `times` requests (default 1) meet this behaviour, after those already asked for. */
  failNext(behaviour: SlackBehaviour, times?: number): void;
  /** Every request meets this behaviour until `recover()`. */
  failAlways(behaviour: SlackBehaviour): void;
  /** The next request waits before its message is taken, until it is released. Release it before disposing. */
  holdNext(): HeldRequest;
  /** Resets the connections of the requests that hang, at the moment that suits the spec. */
  cutHanging(): void;
  /** A sound Slack again; what was asked for with `failNext` is forgotten too. */
  recover(): void;
};

/** How to start it. */
export type SlackStandInOptions = {
  /** 0 (the default): any free one. A taken port rejects with EADDRINUSE. */
  port?: number;
  /** Refuse what comes faster, with 429 and `Retry-After`. Default: no limit. */
  rateLimit?: SlackRateLimit;
  /** The secret path, to keep it over a restart; default: a new random one, `/services/T…/B…/…`. */
  path?: string;
};

/** Starts the stand-in on the loopback interface. It refuses what the real Slack is documented to refuse. */
export async function startSlackStandIn(options: SlackStandInOptions = {}): Promise<SlackStandIn> {
  const path = options.path ?? secretPath();
  const channel = openChannel();
  const behaviours = behavioursToCome();
  const secondsToWait = options.rateLimit && rateLimiter(options.rateLimit, () => performance.now());
  const hanging = new Set<ServerResponse>();
  const nextBehaviour = behaviours.next;
  const webhook = { channel, nextBehaviour, secondsToWait: secondsToWait ?? (() => 0), hanging };

  const server = createServer((request, response) => {
    const url = request.url?.split('?')[0] ?? '/';
    if (url === path) return void answerWebhook(webhook, request, response).catch(() => response.destroy());
    if (url === '/messages')
      return answer(response, 200, JSON.stringify(channel.messages), 'application/json');
    if (url === '/') return answer(response, 200, slackPage(channel.messages), 'text/html');
    answer(response, 404, 'no_service');
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${String(port)}`;

  return {
    port,
    webhook: origin + path,
    messages: `${origin}/messages`,
    page: `${origin}/`,
    received: () => channel.messages,
    requests: () => channel.requests,
    onMessage: channel.onMessage,
    onRequest: channel.onRequest,
    failNext: behaviours.failNext,
    failAlways: behaviours.failAlways,
    holdNext() {
      const { behaviour, held } = holdRequest();
      behaviours.failNext(behaviour);
      return held;
    },
    cutHanging() {
      for (const response of hanging) response.socket?.resetAndDestroy();
      hanging.clear();
    },
    recover: behaviours.recover,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** As Slack makes them: a team, an integration, a secret. */
function secretPath(): string {
  const part = (bytes: number) => randomBytes(bytes).toString('hex').toUpperCase();
  return `/services/T${part(4)}/B${part(5)}/${randomBytes(18).toString('base64url')}`;
}

type Channel = ReturnType<typeof openChannel>;

function openChannel() {
  const messages: SlackMessage[] = [];
  const requests: SlackRequest[] = [];
  const messageListeners = new Set<(message: SlackMessage) => void>();
  const requestListeners = new Set<(request: SlackRequest) => void>();
  const listenIn =
    <T>(listeners: Set<T>) =>
    (listener: T) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
  return {
    messages,
    requests,
    accept(message: SlackMessage) {
      messages.push(message);
      for (const listener of messageListeners) listener(message);
    },
    settle(request: SlackRequest) {
      requests.push(request);
      for (const listener of requestListeners) listener(request);
    },
    onMessage: listenIn(messageListeners),
    onRequest: listenIn(requestListeners),
  };
}

type Webhook = {
  channel: Channel;
  nextBehaviour: () => SlackBehaviour | undefined;
  secondsToWait: () => number;
  hanging: Set<ServerResponse>;
};

/** One request's life: read, fail before accepting, refuse by the limits, accept, fail after accepting, `ok`. */
async function answerWebhook(webhook: Webhook, request: IncomingMessage, response: ServerResponse) {
  const body = Buffer.concat(await request.toArray()).toString('utf8');
  // Not before the wait for the body: a limit must not seem to have been broken because this process stood still there.
  const at = new Date().toISOString();
  const settle = (accepted: boolean, answered: SlackRequest['answer']) =>
    webhook.channel.settle({ at, headers: flat(request), body, accepted, answer: answered });
  const refuse = (status: number, text: string, headers?: Record<string, string>) => {
    settle(false, status);
    answer(response, status, text, 'text/plain', headers);
  };

  if (request.method !== 'POST') return refuse(405, 'method_not_allowed', { allow: 'POST' });
  const behaviour = webhook.nextBehaviour();
  if (behaviour && 'status' in behaviour)
    return refuse(behaviour.status, behaviour.body ?? usualBody(behaviour.status), retryAfter(behaviour));
  const breaks = (side: 'before' | 'after') =>
    behaviour !== undefined && broken(webhook, { behaviour, side, response, settle });
  if (breaks('before')) return;
  if (behaviour && 'delayMs' in behaviour) await delay(behaviour.delayMs);
  if (behaviour && 'hold' in behaviour) await held(behaviour.hold);

  const payload = readPayload({ body, contentType: request.headers['content-type'] ?? '' });
  if (!payload.ok) return refuse(400, payload.error);
  const wait = webhook.secondsToWait();
  if (wait > 0) return refuse(429, 'rate_limited', retryAfter({ retryAfterSeconds: wait }));

  webhook.channel.accept({ at, text: payload.text, blocks: payload.blocks });
  if (breaks('after')) return;
  settle(true, 200);
  if (behaviour && 'cut' in behaviour) return answerHeadOnly(response);
  answer(response, 200, 'ok');
}

function held({ arrived, released }: { arrived: () => void; released: Promise<void> }): Promise<void> {
  arrived();
  return released;
}

type Breaking = {
  behaviour: SlackBehaviour;
  side: 'before' | 'after';
  response: ServerResponse;
  settle: (accepted: boolean, answered: 'hang' | 'reset') => void;
};

/** Hangs or cuts the connection if the behaviour says so for this side of accepting; true: no answer will come. */
function broken({ hanging }: Webhook, { behaviour, side, response, settle }: Breaking): boolean {
  const accepted = side === 'after';
  if ('hang' in behaviour && behaviour.hang === side) {
    hanging.add(response);
    settle(accepted, 'hang');
    return true;
  }
  if ('reset' in behaviour && behaviour.reset === side) {
    settle(accepted, 'reset');
    response.socket?.resetAndDestroy();
    return true;
  }
  return false;
}

/** The status line and the headers arrive, the body that they promise does not. A reset would overtake them. */
function answerHeadOnly(response: ServerResponse) {
  response.writeHead(200, { 'content-length': 'ok'.length });
  response.flushHeaders();
  response.socket?.end();
}

const retryAfter = ({ retryAfterSeconds }: { retryAfterSeconds?: number }): Record<string, string> =>
  retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };

const flat = (request: IncomingMessage) =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain',
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': `${contentType}; charset=utf-8`, ...headers });
  response.end(body);
}
