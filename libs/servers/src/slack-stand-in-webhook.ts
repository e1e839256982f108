import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { usualBody, type SlackBehaviour } from './slack-stand-in-behaviour.ts';
import type { SlackChannel, SlackRequest } from './slack-stand-in-channel.ts';
import { readPayload } from './slack-stand-in-limits.ts';
import type { AskedPause } from './slack-stand-in-pace.ts';

/** The webhook with what it has to know from request to request. */
export type Webhook = {
  channel: SlackChannel;
  nextBehaviour: (body: string) => SlackBehaviour | undefined;
  secondsToWait: () => number;
  pause: AskedPause;
  hanging: Set<ServerResponse>;
};

/** One request's life: read, fail before accepting, refuse by the limits, accept, fail after accepting, `ok`. */
export async function answerWebhook(
  webhook: Webhook,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrival = await arrived(webhook, request);
  const { at, body, tooSoonMs = 0 } = arrival;
  const { settle, refuse, askToWait } = replies(webhook, arrival, response);

  if (request.method !== 'POST') return refuse(405, 'method_not_allowed', { allow: 'POST' });
  const behaviour = webhook.nextBehaviour(body);
  if (behaviour && 'status' in behaviour) {
    const { status, body: said = usualBody(status), retryAfterSeconds: seconds } = behaviour;
    return seconds === undefined ? refuse(status, said) : askToWait(status, said, seconds);
  }
  const breaks = (side: 'before' | 'after') =>
    behaviour !== undefined && broken(webhook, { behaviour, side, response, settle });
  if (breaks('before')) return;
  if (behaviour && 'delayMs' in behaviour) await delay(behaviour.delayMs);
  if (behaviour && 'hold' in behaviour) await held(behaviour.hold);

  if (tooSoonMs > 0) return askToWait(429, usualBody(429), Math.ceil(tooSoonMs / 1000));
  const payload = readPayload({ body, contentType: request.headers['content-type'] ?? '' });
  if (!payload.ok) return refuse(400, payload.error);
  const seconds = webhook.secondsToWait();
  if (seconds > 0) return askToWait(429, usualBody(429), seconds);

  webhook.channel.accept({ at, text: payload.text, blocks: payload.blocks });
  if (breaks('after')) return;
  settle(true, 200);
  if (behaviour && 'cut' in behaviour) return answerHeadOnly(response);
  answer(response, 200, 'ok');
}

type Arrival = Omit<SlackRequest, 'accepted' | 'answer'>;

/** Reads the request. The time is that of its end: a limit must not seem broken because this process stood still before. */
async function arrived({ pause }: Webhook, request: IncomingMessage): Promise<Arrival> {
  const body = Buffer.concat(await request.toArray()).toString('utf8');
  const tooSoonMs = pause.leftMs();
  const at = new Date().toISOString();
  return { at, headers: flat(request), body, ...(tooSoonMs > 0 && { tooSoonMs }) };
}

/** The ways to settle what becomes of a request: without an answer, refused, refused for some time. */
function replies({ channel, pause }: Webhook, arrival: Arrival, response: ServerResponse) {
  const settle = (accepted: boolean, answered: SlackRequest['answer']) =>
    channel.settle({ ...arrival, accepted, answer: answered });
  const refuse = (status: number, text: string, headers: Record<string, string> = {}) => {
    settle(false, status);
    answer(response, status, text, headers);
  };
  const askToWait = (status: number, text: string, seconds: number) => {
    pause.ask(seconds);
    refuse(status, text, { 'retry-after': String(seconds) });
  };
  return { settle, refuse, askToWait };
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

const flat = (request: IncomingMessage) =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));

/** Answers with a text in UTF-8, `text/plain` unless the headers say otherwise. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(body);
}
