import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPaymentClient, PaymentState } from '@payments/contracts';
import type { PaymentClient } from '@payments/contracts';
import { eventually, startGatewayStandIn, throwAwayDatabase } from '@payments/testing';
import type { GatewayStandIn, LogLine, OtlpSpan } from '@payments/testing';
import { openDatabase } from './database/open-database.ts';
import type { Database } from './database/open-database.ts';
import { attributesOf, newTrace, startObserved } from './observed-service.fixture.ts';
import type { CallersTrace, ObservedService } from './observed-service.fixture.ts';
import { failure, won } from './payment.fixture.ts';

const [user, token, units] = ['user-of-the-spec', 'token-of-the-gateway', 987_654n];
const closing = new AsyncDisposableStack();
let standIn: GatewayStandIn;
let observed: ObservedService;
let client: PaymentClient;
let database: Database;

beforeAll(async () => {
  const { url } = closing.use(await throwAwayDatabase());
  standIn = closing.use(await startGatewayStandIn({ token }));
  const gateway = { AUTHORIZER_URL: `${standIn.url}/?key=of-the-url`, AUTHORIZER_TOKEN: token };
  observed = closing.use(await startObserved({ DATABASE_URL: url, ...gateway }));
  client = closing.use(openPaymentClient({ address: observed.service.grpc ?? '' }));
  database = closing.use(openDatabase({ databaseUrl: url, applicationName: 'observer' }));
});
afterAll(() => closing.disposeAsync());

const sql = (statement: string) => database.em.fork().execute<Record<string, unknown>[]>(statement);

const pay = async (reservationId: string, { metadata }: CallersTrace, requestId = '') => {
  const reservations = [won(reservationId, units)];
  const { payments } = await client.executePayments({ userId: user, requestId, reservations }, { metadata });
  return { paymentId: payments[0]?.paymentId ?? '', state: payments[0]?.state };
};

/** The span of the call. */
const serverOf = (spans: OtlpSpan[]) => spans.find(({ kind }) => kind === 2);
const httpOf = (spans: OtlpSpan[]) => spans.filter((span) => 'http.request.method' in attributesOf(span));

/**
 * The lines about a payment, once one of them says `msg`. A line and the answer to a call come by two ways: with the machine
 * at rest one line in seven was read after the answer, though it is printed before.
 */
const linesUntil = async (paymentId: string, msg: string) => {
  const isOf = ({ fields }: LogLine) => fields['payment_id'] === paymentId;
  await observed.service.waitForLine((line) => isOf(line) && line.fields['msg'] === msg);
  return observed.service.lines.filter(isOf).map(({ fields }) => fields);
};

describe('a payment', () => {
  it('is one trace: the call, its SQL, and the payment gateway, which is told of it', async () => {
    const trace = newTrace();
    trace.metadata.set('baggage', 'secret=of-the-caller');
    const { paymentId, state } = await pay('r-1', trace);
    expect(state).toBe(PaymentState.COMPLETED);
    const spans = await observed.spans(trace, (found) => expect(serverOf(found)).toBeDefined());
    const server = serverOf(spans);
    const below = spans.filter((span) => span !== server);
    expect(new Set(below.map(({ kind }) => kind))).toEqual(new Set([3]));
    expect(below.map(({ name }) => name)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^pg\.query:INSERT/), 'POST']),
    );
    const [http] = httpOf(spans);
    expect(http?.parentSpanId).toBe(server?.spanId);
    const [asked] = standIn.requests();
    expect(asked?.headers['traceparent']).toBe(`00-${trace.traceId}-${http?.spanId}-01`);
    expect(asked?.headers).not.toHaveProperty('baggage');
    const [row] = await sql(`select headers ->> 'traceparent' as traceparent from outbox.message`);
    expect(row).toEqual({ traceparent: `00-${trace.traceId}-${server?.spanId}-01` });
    expect(await linesUntil(paymentId, 'payment completed')).toMatchObject([
      {
        msg: 'payment completed',
        level: 'info',
        reservation_id: 'r-1',
        trace_id: trace.traceId,
        span_id: server?.spanId,
      },
    ]);
  });

  it('that recovery decides goes on in the trace of its call, and is told when it is decided', async () => {
    standIn.behave({ on: 'POST /charges', reservationId: 'r-2', times: Infinity, then: { cut: 'after' } });
    standIn.behave({ on: 'GET /charges', reservationId: 'r-2', times: Infinity, then: { cut: 'before' } });
    const trace = newTrace();
    const { paymentId, state } = await pay('r-2', trace);
    expect(state).toBe(PaymentState.PENDING);
    const [pending] = await linesUntil(paymentId, 'payment pending');
    expect(pending).toMatchObject({ msg: 'payment pending', trace_id: trace.traceId });
    // An answer of PostgreSQL that takes more than two seconds is left out of the page.
    await eventually(async () => expect(await observed.metric('payment_unsettled_tasks')).toEqual({ '': 1 }));
    expect(Object.values(await observed.metric('payment_oldest_unsettled_task_seconds'))[0]).toBeGreaterThan(
      0,
    );
    standIn.recover();
    const decided = (await linesUntil(paymentId, 'payment completed')).at(-1);
    expect(decided).toMatchObject({ trace_id: trace.traceId, reservation_id: 'r-2' });
    const spans = await observed.spans(trace, (found) =>
      expect(found.map(({ spanId }) => spanId)).toContain(decided?.['span_id']),
    );
    const recovered = spans.find(({ spanId }) => spanId === decided?.['span_id']);
    expect(recovered).toMatchObject({
      name: 'recover charge',
      kind: 1,
      parentSpanId: serverOf(spans)?.spanId,
    });
    expect(httpOf(spans).map(({ parentSpanId }) => parentSpanId)).toContain(recovered?.spanId);
  });

  it('that was asked for again is told once', async () => {
    const requestId = 'b2c5f6a8-1f0e-4d7e-9a51-3f0f2d4f8e11';
    const first = await pay('r-3', newTrace(), requestId);
    expect(await pay('r-3', newTrace(), requestId)).toEqual(first);
    await pay('r-3', newTrace());
    await client.refundPayment({ paymentId: first.paymentId });
    await client.refundPayment({ paymentId: first.paymentId });
    // Its line stands behind all that was printed before.
    const later = await pay('r-5', newTrace());
    await linesUntil(later.paymentId, 'payment completed');
    const told = await linesUntil(first.paymentId, 'payment refunded');
    expect(told.map(({ msg }) => msg)).toEqual(['payment completed', 'payment refunded']);
    expect(await observed.metric('payment_outcomes_total')).toEqual({
      '{outcome="completed"}': 4,
      '{outcome="failed",reason="ALREADY_PAID"}': 1,
      '{outcome="refunded"}': 1,
    });
  });
});

describe('the metrics', () => {
  it('tell of the pool, of statements, and of the payment gateway', async () => {
    const states = Object.keys(await observed.metric('db_client_connection_count')).map(
      (labels) => /db_client_connection_state="(\w+)"/.exec(labels)?.[1],
    );
    expect(new Set(states)).toEqual(new Set(['idle', 'used']));
    expect(Object.values(await observed.metric('db_client_connection_pending_requests'))).toEqual([0]);
    const statements = Object.keys(await observed.metric('db_client_operation_duration_seconds_count'));
    expect(statements.join()).toMatch(/db_operation_name="INSERT"/);
    const requests = Object.keys(await observed.metric('http_client_request_duration_seconds_count'));
    expect(requests.join()).toMatch(/http_request_method="POST".*http_response_status_code="200"/);
  });

  it('name a trace for a bucket of calls, where somebody asks for that', async () => {
    const headers = { accept: 'application/openmetrics-text' };
    const page = await (await fetch(`http://${observed.service.http}/metrics`, { headers })).text();
    expect(page).toMatch(
      /rpc_server_call_duration_seconds_bucket\{.*rpc_method="payment.v1.PaymentService\/ExecutePayments".*\} \d+ # \{trace_id="\w{32}"/,
    );
  });
});

describe('what is printed', () => {
  it('is the log alone, also of a statement that fails when its call is gone', async () => {
    const other = database.em.fork();
    await other.begin();
    await other.execute(`insert into payment.payment (payment_id, user_id, reservation_id, amount_minor, currency, state,
      created_at, updated_at) values (gen_random_uuid(), 'u', 'r-4', 1, 'KRW', 'COMPLETED', now(), now())`);
    const [trace, gone] = [newTrace(), new AbortController()];
    const request = { userId: user, reservations: [won('r-4', units)] };
    const call = failure(client.executePayments(request, { metadata: trace.metadata, signal: gone.signal }));
    await eventually(async () =>
      expect(
        await sql(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(1),
    );
    gone.abort();
    await call;
    // The service has heard of it.
    await observed.spans(trace, (found) => expect(serverOf(found)).toBeDefined());
    await other.commit();
    const line = await observed.service.waitForLine('failed in the background after abortion');
    expect(line.fields).toMatchObject({ level: 'warn', msg: 'a library printed' });
    expect(observed.service.lines.filter(({ fields }) => fields['level'] === undefined)).toEqual([]);
  });

  it('exported or measured holds no user, no amount and no secret', async () => {
    const page = await (await fetch(`http://${observed.service.http}/metrics`)).text();
    // At its end all that it printed has been read.
    await observed.service[Symbol.asyncDispose]();
    const printed = observed.service.lines.map(({ text }) => text).join('\n');
    for (const told of [observed.receiver.raw(), page, printed])
      for (const secret of [user, token, String(units), 'of-the-url', 'of-the-caller', '/charges'])
        expect(told).not.toContain(secret);
  });
});
