import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  behavioursToCome,
  holdRequest,
  type HeldRequest,
  type SlackBehaviour,
} from './slack-stand-in-behaviour.ts';
import { openChannel, type SlackMessage, type SlackRequest } from './slack-stand-in-channel.ts';
import { askedPause, rateLimiter, type SlackRateLimit } from './slack-stand-in-pace.ts';
import { slackPage } from './slack-stand-in-page.ts';
import { answer, answerWebhook } from './slack-stand-in-webhook.ts';

export type { SlackMessage, SlackRequest } from './slack-stand-in-channel.ts';

/** A Slack of one channel on this machine. Disposing it cuts open connections too. */
export type SlackStandIn = AsyncDisposable & {
  port: number;
  /** The secret URL to post to. */
  webhook: string;
  /** GET: every message received, oldest first, as JSON `[{ at, text, blocks }]`. */
  messages: string;
  /**
   * GET: the channel as a page for people, as Slack lays it out. `?still`: it does not refresh itself; `?lang=ko`: for a
   * reader who has Slack in Korean.
   */
  page: string;
  received(): readonly SlackMessage[];
  /** Every request to the webhook, oldest first, the refused ones too. */
  requests(): readonly SlackRequest[];
  /**
   * Those that came before the time was over that an answer to an earlier one had asked for with `Retry-After`. One that
   * was under way when that answer was given is among them.
   */
  tooFast(): readonly SlackRequest[];
  /** Calls back for each message accepted from now on; returns the way to end that. */
  onMessage(listener: (message: SlackMessage) => void): () => void;
  /** Calls back for each request to the webhook once its fate is settled; returns the way to end that. */
  onRequest(listener: (request: SlackRequest) => void): () => void;
  /** The next `times` requests (default 1) meet this behaviour, after those already asked for. */
  failNext(behaviour: SlackBehaviour, times?: number): void;
  /** Every request meets this behaviour until `recover()`. */
  failAlways(behaviour: SlackBehaviour): void;
  /** A request of whose body the judge says so meets this behaviour, until `recover()`. */
  failWhen(judge: (body: string) => SlackBehaviour | undefined): void;
  /** The next request waits before its message is taken, until it is released. Release it before disposing. */
  holdNext(): HeldRequest;
  /** Resets the connections of the requests that hang, at the moment that suits the spec. */
  cutHanging(): void;
  /** A sound Slack again; what was asked for with `failNext`, and the time of a `Retry-After`, are forgotten too. */
  recover(): void;
};

/** How to start it. */
export type SlackStandInOptions = {
  /** The address to listen on. Default: the loopback interface. The URLs are those on this machine all the same. */
  host?: string;
  /** 0 (the default): any free one. A taken port rejects with EADDRINUSE. */
  port?: number;
  /** Refuse what comes faster, with 429 and `Retry-After`. Default: no limit. */
  rateLimit?: SlackRateLimit;
  /** The name of its channel, on the page. Default: `payments`. */
  channel?: string;
  /** The secret path, to keep it over a restart; default: a new random one, `/services/T…/B…/…`. */
  path?: string;
};

const json = { 'content-type': 'application/json; charset=utf-8' };
/** No script runs there, whatever a message holds; nothing is loaded from anywhere, nothing sent. */
const html = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
};

/** Starts the stand-in. It refuses what the real Slack is documented to refuse. */
export async function startSlackStandIn(options: SlackStandInOptions = {}): Promise<SlackStandIn> {
  const path = options.path ?? secretPath();
  const channel = openChannel();
  const behaviours = behavioursToCome();
  const now = () => performance.now();
  const pause = askedPause(now);
  const secondsToWait = options.rateLimit ? rateLimiter(options.rateLimit, now) : () => 0;
  const hanging = new Set<ServerResponse>();
  const webhook = { channel, nextBehaviour: behaviours.next, secondsToWait, pause, hanging };

  const page = (query?: string) => {
    const asked = new URLSearchParams(query);
    const lang = asked.get('lang') === 'ko' ? 'ko' : 'en';
    return slackPage(channel.messages, { channel: options.channel, still: asked.has('still'), lang });
  };

  const server = createServer((request, response) => {
    const [url, query] = (request.url ?? '/').split('?');
    if (url === path) return void answerWebhook(webhook, request, response).catch(() => response.destroy());
    if (url === '/messages') return answer(response, 200, JSON.stringify(channel.messages), json);
    if (url === '/') return answer(response, 200, page(query), html);
    if (url === '/livez') return answer(response, 200, 'ok');
    answer(response, 404, 'no_service');
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
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
    tooFast: () => channel.requests.filter(({ tooSoonMs }) => tooSoonMs !== undefined),
    onMessage: channel.onMessage,
    onRequest: channel.onRequest,
    failNext: behaviours.failNext,
    failAlways: behaviours.failAlways,
    failWhen: behaviours.failWhen,
    holdNext() {
      const { behaviour, held } = holdRequest();
      behaviours.failNext(behaviour);
      return held;
    },
    cutHanging() {
      for (const response of hanging) response.socket?.resetAndDestroy();
      hanging.clear();
    },
    recover() {
      behaviours.recover();
      pause.forget();
    },
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
