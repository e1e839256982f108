import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { create, toBinary } from '@bufbuild/protobuf';
import { ListPaymentsRequestSchema, openPaymentClient, PaymentService } from '@payments/contracts';
import { eventually, grpcFrame, rawGrpc, throwAwayDatabase } from '@payments/testing';
import type { RawCall, RawGrpc } from '@payments/testing';
import { openIssuer } from '../access/issuer.fixture.ts';
import type { Issuer } from '../access/issuer.fixture.ts';
import { openDatabase } from '../database/open-database.ts';
import type { Database } from '../database/open-database.ts';
import { attributesOf, newTrace, startObserved } from '../observed-service.fixture.ts';
import type { CallersTrace, ObservedService } from '../observed-service.fixture.ts';
import { won } from '../payment.fixture.ts';

const user = 'user-of-the-spec';
const list = `${PaymentService.typeName}/ListPayments`;
const execute = `${PaymentService.typeName}/ExecutePayments`;
const body = grpcFrame(
  toBinary(ListPaymentsRequestSchema, create(ListPaymentsRequestSchema, { userId: user })),
);

const closing = new AsyncDisposableStack();
let observed: ObservedService;
let issuer: Issuer;
let database: Database;
let raw: RawGrpc;
let authorization: string;
/** How often each method was ended with each status. */
const tally: Record<string, number> = {};

beforeAll(async () => {
  issuer = closing.use(await openIssuer());
  const { url } = closing.use(await throwAwayDatabase());
  const { jwksUrl, audience } = issuer.tokens;
  const access = { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer.tokens.issuer, AUTH_AUDIENCE: audience };
  observed = closing.use(await startObserved({ DATABASE_URL: url, GRPC_MAX_CONCURRENCY: '1', ...access }));
  database = closing.use(openDatabase({ databaseUrl: url, applicationName: 'observer' }));
  raw = closing.use(await rawGrpc(observed.service.grpc ?? ''));
  authorization = `Bearer ${await issuer.token(user)}`;
});
afterAll(() => closing.disposeAsync());

const call = ({ headers }: CallersTrace, { headers: more, ...rest }: Partial<RawCall> = {}) =>
  raw.call({ path: `/${list}`, body, headers: { authorization, ...headers, ...more }, ...rest });

/** That one span tells of the call, and how it ended; and counts it for the last spec. */
const expectSpan = async (
  trace: CallersTrace,
  { method = list, code, isFault = false }: { method?: string; code: string; isFault?: boolean },
) => {
  const series = `${method} ${code}`;
  tally[series] = (tally[series] ?? 0) + 1;
  await observed.spans(trace, (spans) => {
    const servers = spans.filter(({ kind }) => kind === 2);
    expect(servers).toMatchObject([
      { name: method === '_OTHER' ? 'grpc' : method, parentSpanId: trace.spanId },
    ]);
    expect(servers.map(({ status }) => status?.code ?? 0)).toEqual([isFault ? 2 : 0]);
    expect(servers.map(attributesOf)).toEqual([
      {
        'rpc.system.name': 'grpc',
        'rpc.method': method,
        'rpc.status_code': code,
        'server.address': '127.0.0.1',
        'server.port': Number(observed.service.grpc?.split(':')[1]),
        ...(isFault && { 'error.type': code }),
      },
    ]);
  });
};

/** Every place is taken, by a call that waits for somebody else's lock. */
const takeTheOnlyPlace = async () => {
  const other = database.em.fork();
  await other.begin();
  await other.execute(`select outbox.append('t', 'r-1', 'x', ''::bytea)`);
  const trace = newTrace();
  const client = openPaymentClient({
    address: observed.service.grpc ?? '',
    token: authorization.replace('Bearer ', ''),
  });
  const gone = new AbortController();
  const request = { userId: user, reservations: [won('r-1')] };
  const paying = client
    .executePayments(request, { metadata: trace.metadata, signal: gone.signal })
    .catch(() => undefined);
  await eventually(async () => {
    const waiting = await database.em
      .fork()
      .execute<unknown[]>(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
    expect(waiting).toHaveLength(1);
  });
  const end = async () => {
    await other.rollback();
    await paying;
    client.close();
  };
  return { trace, leave: () => gone.abort(), end };
};

describe('a call', () => {
  it('that is answered has one span, below its caller’s', async () => {
    const trace = newTrace();
    expect(await call(trace)).toMatchObject({ code: 0 });
    await expectSpan(trace, { code: 'OK' });
  });

  it.each<[string, Partial<RawCall>, string, boolean?]>([
    ['without a token', { headers: { authorization: '' } }, 'UNAUTHENTICATED'],
    ['whose bytes are no message', { body: grpcFrame(Buffer.from([0xff, 0xff])) }, 'INVALID_ARGUMENT'],
    ['whose deadline is none', { headers: { 'grpc-timeout': 'soon' } }, 'INVALID_ARGUMENT'],
    ['that is too large', { body: grpcFrame(Buffer.alloc(5), { length: 999_999 }) }, 'RESOURCE_EXHAUSTED'],
    ['whose time is over', { headers: { 'grpc-timeout': '1n' } }, 'DEADLINE_EXCEEDED', true],
  ])('%s has one, too', async (_, more, code, isFault = false) => {
    const trace = newTrace();
    await call(trace, more);
    await expectSpan(trace, { code, isFault });
  });

  it('without the scope has one, too', async () => {
    const trace = newTrace();
    const token = await issuer.token(user, { scope: 'payments:write' });
    await call(trace, { headers: { authorization: `Bearer ${token}` } });
    await expectSpan(trace, { code: 'PERMISSION_DENIED' });
  });

  it.each([`/${PaymentService.typeName}/StrangersName`, '/%ff<script>StrangersName'])(
    'of a method that is not there (%s) has one that does not repeat its name',
    async (path) => {
      const trace = newTrace();
      await call(trace, { path });
      await expectSpan(trace, { method: '_OTHER', code: 'UNIMPLEMENTED', isFault: true });
    },
  );

  // Alone: beside another call, whose token may be verified first, it would be refused for want of a place.
  it('whose request does not arrive, and is given up after ten seconds, has one', async () => {
    const trace = newTrace();
    await call(trace, { end: false, body: Buffer.alloc(0) });
    await expectSpan(trace, { code: 'DEADLINE_EXCEEDED', isFault: true });
  });

  it('beyond the bound has one; and one whose caller leaves', async () => {
    const { trace: leaving, leave, end } = await takeTheOnlyPlace();
    const trace = newTrace();
    await call(trace);
    await expectSpan(trace, { code: 'RESOURCE_EXHAUSTED' });
    expect(await observed.metric('payment_calls_in_progress')).toEqual({ '': 1 });
    leave();
    await expectSpan(leaving, { method: execute, code: 'CANCELLED' });
    await end();
    await eventually(async () =>
      expect(await observed.metric('payment_calls_in_progress')).toEqual({ '': 0 }),
    );
  });

  it('of the health service has none', async () => {
    const [trace, other] = [newTrace(), newTrace()];
    const path = '/grpc.health.v1.Health/Check';
    expect(await call(trace, { path, body: grpcFrame(Buffer.alloc(0)) })).toMatchObject({ code: 0 });
    await call(other);
    await expectSpan(other, { code: 'OK' });
    expect(observed.receiver.raw()).not.toContain(trace.traceId);
  });
});

it('all of them were counted, by method and status, and nothing else was', async () => {
  const counted = await observed.metric('rpc_server_call_duration_seconds_count');
  const named = Object.entries(counted).map(([labels, count]) => {
    const [, method, code] = /rpc_method="(.*?)".*rpc_status_code="(.*?)"/.exec(labels) ?? [];
    return [`${method} ${code}`, count] as const;
  });
  expect(Object.fromEntries(named)).toEqual(tally);
});

it('neither spans nor metrics nor the log know who called, by which token, or what a stranger wrote', async () => {
  const page = await (await fetch(`http://${observed.service.http}/metrics`)).text();
  const printed = observed.service.lines.map(({ text }) => text).join('\n');
  for (const told of [observed.receiver.raw(), page, printed])
    for (const secret of [user, authorization.slice(-20), 'StrangersName'])
      expect(told).not.toContain(secret);
});
