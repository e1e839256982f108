import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  gatewayBehaviours,
  type GatewayBehaviour,
  type GatewayHold,
  type GatewayHoldPlace,
  type GatewayHoldRule,
  type GatewayRoute,
  type GatewayRule,
  type HeldGatewayRequest,
} from './gateway-stand-in-behaviour.ts';
import {
  openBooks,
  type GatewayBooks,
  type GatewayMovement,
  type GatewayOperation,
  type GatewayRefusal,
} from './gateway-stand-in-books.ts';
import { isKey, readCharge, readRefund } from './gateway-stand-in-request.ts';

/** One request, in the order of arrival. `at` is its ISO time. */
export type GatewayRequest = {
  at: string;
  on: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Absent where it has none that is one. */
  key?: string;
  reservationId?: string;
  /** The status sent, or that the connection ended without one; absent while it is worked on. */
  answer?: number | 'cut';
};

/** A payment gateway on this machine. Disposing it cuts open connections, also of requests that are held. */
export type GatewayStandIn = AsyncDisposable & {
  port: number;
  /** What `AUTHORIZER_URL` is set to. */
  url: string;
  /** Every movement of money that really happened, in order. */
  ledger(): readonly GatewayMovement[];
  /** Every decision against one, in order. */
  declined(): readonly GatewayRefusal[];
  /** Every request, refused ones and repeats too. */
  requests(): readonly GatewayRequest[];
  /** Requests that fit meet this, after what was asked for earlier. */
  behave(rule: GatewayRule & { then: GatewayBehaviour }): void;
  /** The next request that fits waits on its arrival, or before or after the money's movement, until it is released. */
  hold: (rule: GatewayHoldRule) => HeldGatewayRequest;
  /** A sound gateway again: behaviours and holds that no request has met are forgotten. */
  recover(): void;
};

/** How to start it. */
export type GatewayStandInOptions = {
  /** 0 (the default): any free one. */
  port?: number;
  /** With it, requests without `Authorization: Bearer` and this are refused. */
  token?: string;
};

/** Starts the stand-in on the loopback interface, with empty books. It answers by the contract of docs/gateway.md. */
export async function startGatewayStandIn(options: GatewayStandInOptions = {}): Promise<GatewayStandIn> {
  const books = openBooks();
  const behaviours = gatewayBehaviours();
  const requests: GatewayRequest[] = [];
  const desk: Desk = { books, requests, next: behaviours.next, token: options.token };
  const server = createServer(
    (request, response) => void serve(desk, request, response).catch(() => response.destroy()),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    ledger: () => books.movements,
    declined: () => books.refusals,
    requests: () => requests,
    behave: ({ then, ...rule }) => behaviours.add(rule, then),
    hold: behaviours.hold,
    recover: behaviours.forget,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Desk = {
  books: GatewayBooks;
  requests: GatewayRequest[];
  next: ReturnType<typeof gatewayBehaviours>['next'];
  token: string | undefined;
};

type Visit = { desk: Desk; request: GatewayRequest; response: ServerResponse };

/** One request's life: read to its end, noted, checked, then worked on. */
async function serve(desk: Desk, incoming: IncomingMessage, response: ServerResponse) {
  const body = Buffer.concat(await incoming.toArray()).toString('utf8');
  const at = new Date().toISOString();
  const [on, inPath] = route(incoming);
  const request: GatewayRequest = { at, on, headers: flat(incoming), body };
  const key = inPath ?? request.headers['idempotency-key'];
  if (isKey(key)) request.key = key.toLowerCase();
  desk.requests.push(request);
  response.once('close', () => (request.answer ??= 'cut'));
  const visit: Visit = { desk, request, response };

  if (desk.token !== undefined && request.headers['authorization'] !== `Bearer ${desk.token}`)
    return answer(visit, 401, { error: 'unauthorized' });
  if (on === 'POST /charges') return await operate(visit, 'charge', readCharge(body));
  if (on === 'POST /refunds') return await operate(visit, 'refund', readRefund(body));
  if (on === 'GET /charges') return await find(visit);
  answer(visit, 404, { error: 'no_such_path' });
}

/** `POST /charges`, `GET /charges` with the key of its path, or what else was asked for. */
function route({ method = '', url = '/' }: IncomingMessage): [on: string, key?: string] {
  const { pathname } = new URL(url, 'http://gateway');
  const [, key] = /^\/charges\/([^/]+)$/.exec(pathname) ?? [];
  return method === 'GET' && key !== undefined ? ['GET /charges', key] : [`${method} ${pathname}`];
}

type ReadBody<K> =
  { ok: true; value: Extract<GatewayOperation, { kind: K }>['body'] } | { ok: false; field: string };

async function operate<K extends GatewayOperation['kind']>(visit: Visit, kind: K, read: ReadBody<K>) {
  const { desk, request } = visit;
  const { books } = desk;
  const { key } = request;
  if (key === undefined) return invalid(visit, 'Idempotency-Key');
  if (!request.headers['content-type']?.startsWith('application/json')) return invalid(visit, 'Content-Type');
  if (!read.ok) return invalid(visit, read.field);
  const operation = { kind, body: read.value } as GatewayOperation;
  noteReservation(visit, operation);

  if (conflicts(visit, key, operation)) return;
  const behaviour = nextFor(visit, kind === 'charge' ? 'POST /charges' : 'POST /refunds', key);
  await waits(behaviour, 'arrival', key);
  if (conflicts(visit, key, operation) || breaks(visit, behaviour, 'before')) return;
  if (books.relation(key, operation) === 'NEW') books.take(key, operation);
  await waits(behaviour, 'before', key);
  const decision = books.decide(key, behaviour && 'decline' in behaviour ? behaviour.decline : undefined);
  await waits(behaviour, 'after', key);
  if (breaks(visit, behaviour, 'after')) return;
  answer(visit, decision.status === 'declined' ? 402 : 200, decision);
}

/** Answers what cannot be taken; true: there is no more to do. */
function conflicts(visit: Visit, key: string, operation: GatewayOperation): boolean {
  const relation = visit.desk.books.relation(key, operation);
  if (relation === 'OTHER_BODY') answer(visit, 422, { error: 'key_reused' });
  if (relation === 'BUSY') answer(visit, 409, { error: 'in_progress' });
  return relation === 'OTHER_BODY' || relation === 'BUSY';
}

async function find(visit: Visit) {
  const { request, desk } = visit;
  const { key } = request;
  if (key === undefined) return invalid(visit, 'key');
  noteReservation(visit);
  const behaviour = nextFor(visit, 'GET /charges', key);
  if (breaks(visit, behaviour, 'before')) return;
  await waits(behaviour, 'before', key);
  const found = desk.books.findCharge(key);
  await waits(behaviour, 'after', key);
  if (breaks(visit, behaviour, 'after')) return;
  answer(visit, found ? 200 : 404, found ?? { status: 'not_found' });
}

function noteReservation({ desk, request }: Visit, operation?: GatewayOperation) {
  const named = operation?.kind === 'charge' ? operation.body.reservation_id : undefined;
  const about = operation?.kind === 'refund' ? operation.body.charge.toLowerCase() : request.key;
  const reservationId = named ?? (about === undefined ? undefined : desk.books.reservationOf(about));
  if (reservationId !== undefined) request.reservationId = reservationId;
}

const nextFor = ({ desk, request }: Visit, on: GatewayRoute, key: string) =>
  desk.next({ on, key, reservationId: request.reservationId });

type Met = GatewayBehaviour | GatewayHold | undefined;

/** Waits where the behaviour says so. */
async function waits(behaviour: Met, at: GatewayHoldPlace, key: string) {
  if (!behaviour) return;
  if (at === 'before' && 'delayMs' in behaviour) await delay(behaviour.delayMs);
  if (!('hold' in behaviour) || behaviour.hold !== at) return;
  behaviour.reached({ key });
  await behaviour.released;
}

/** Fails if the behaviour says so for this side; true: there is no more to do. */
function breaks(visit: Visit, behaviour: Met, side: 'before' | 'after'): boolean {
  if (!behaviour) return false;
  if ('cut' in behaviour && behaviour.cut === side) {
    visit.request.answer = 'cut';
    visit.response.socket?.resetAndDestroy();
    return true;
  }
  if (!('status' in behaviour) || behaviour.at !== side) return false;
  const { status, body, headers } = behaviour;
  send(visit, status, body ?? JSON.stringify({ error: 'as_asked_for' }), headers);
  return true;
}

const invalid = (visit: Visit, field: string) => answer(visit, 400, { error: 'invalid_request', field });

const answer = (visit: Visit, status: number, body: object) => send(visit, status, JSON.stringify(body));

function send(
  { request, response }: Visit,
  status: number,
  body: string,
  headers: Record<string, string> = {},
) {
  if (response.destroyed) return;
  request.answer = status;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

const flat = (request: IncomingMessage) =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
