import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ExecutePaymentsResponseSchema,
  ListPaymentsResponseSchema,
  PaymentSchema,
  paymentServiceDefinition,
  PaymentState,
  RefundPaymentResponseSchema,
  rpcErrorMetadata,
} from '@payments/contracts';
import type { Payment, PaymentHandlers } from '@payments/contracts';
import { findJaeger, readTrace, startJaeger, untilTrace } from '@payments/testing';
import type { RunningJaeger, TraceSpan } from '@payments/testing';
import { startCommand } from '../start-command.fixture.ts';
import type { Ended } from '../start-command.fixture.ts';

/** What the service, at the end of the wire, got of a trace. */
let traceparents: string[];
/** How many calls it refuses, to be made again soon. */
let refusals: number;
/** What it lists. */
let listed: Payment[];

const payment = create(PaymentSchema, { paymentId: 'p-1', state: PaymentState.COMPLETED });

/** Refuses, or answers with what fits a call. */
const answer =
  <Schema extends DescMessage>(
    schema: Schema,
    reply: () => MessageInitShape<Schema>,
  ): handleUnaryCall<unknown, MessageShape<Schema>> =>
  ({ metadata }, done) => {
    traceparents.push(String(metadata.get('traceparent')[0]));
    if (refusals-- <= 0) return done(null, create(schema, reply()));
    const details = { reason: 'STARTING', domain: 'payment.v1', retryDelayMs: 1 };
    const trailers = rpcErrorMetadata(status.UNAVAILABLE, 'it starts', details);
    done({ code: status.UNAVAILABLE, details: 'it starts', metadata: trailers });
  };

const handlers: Partial<PaymentHandlers> = {
  executePayments: answer(ExecutePaymentsResponseSchema, () => ({ payments: [payment] })),
  refundPayment: answer(RefundPaymentResponseSchema, () => ({ payment })),
  listPayments: answer(ListPaymentsResponseSchema, () => ({ payments: listed })),
};

const service = new Server();
let address: string;
let folder: string;

beforeAll(async () => {
  service.addService(paymentServiceDefinition, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    service.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  address = `127.0.0.1:${port}`;
  folder = await mkdtemp(join(tmpdir(), 'payments-cli-'));
});
afterAll(async () => {
  service.forceShutdown();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  traceparents = [];
  refusals = 0;
  listed = [payment];
});

/** As the local system does once it is up. */
const writeStack = (jaeger: { query: string; otlp: string } | null) =>
  writeFile(join(folder, 'stack.json'), JSON.stringify({ payment: { grpc: address }, jaeger }));

const pay = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  startCommand('pay', args, { LOCAL_STATE_DIR: folder, PAYMENT_ADDRESS: address, ...env }).ended;

const order = ['--user', 'u-1042', '--request-id', '9d3f7f0e-6f1a-4d57-8a53-0b8f5c1f2a77', 'r-2031=15000KRW'];

const whereThereIsOne = (await findJaeger()) === null ? describe.skip : describe;

whereThereIsOne('pay beside a Jaeger', () => {
  let jaeger: RunningJaeger;

  beforeAll(async () => {
    jaeger = (await startJaeger()) as RunningJaeger;
  });
  afterAll(async () => {
    await jaeger.stop();
  });
  beforeEach(() => writeStack(jaeger));

  /** The spans of the trace that a command printed, once there are so many. */
  const traceOf = ({ stderr }: Ended, spans: number): Promise<TraceSpan[]> => {
    expect(stderr).toMatch(/^trace {2}http.*[0-9a-f]{32}$/m);
    const [, traceId = ''] = /^trace {2}.*\b([0-9a-f]{32})$/m.exec(stderr) ?? [];
    return untilTrace(jaeger.query, traceId, (seen) => (seen.length < spans ? [`${spans} spans`] : []));
  };

  it('begins the trace that the service continues, and says where it can be seen', async () => {
    const ended = await pay(order);
    expect(ended.exitCode).toBe(0);
    const [root, call] = (await traceOf(ended, 2)) as [TraceSpan, TraceSpan];
    expect(root).toMatchObject({
      ...{ service: 'pay', name: 'pay order', kind: 'internal', parent: undefined, hasError: false },
      tags: { 'process.exit.code': 0 },
    });
    expect(call).toMatchObject({
      ...{ service: 'pay', name: 'payment.v1.PaymentService/ExecutePayments', kind: 'client' },
      ...{ parent: root.spanId, hasError: false },
    });
    expect(traceparents).toEqual([`00-${root.traceId}-${call.spanId}-01`]);
    expect(JSON.stringify([root, call])).not.toMatch(/u-1042|r-2031|15000/);
    // This Jaeger is built without pages.
    expect(ended.stderr).toBe(`trace  ${jaeger.query}/api/traces/${root.traceId}\n`);
  });

  it('makes one trace of all tries', async () => {
    refusals = 2;
    const [root, ...calls] = await traceOf(await pay(order), 4);
    expect(calls.map(({ parent, hasError }) => ({ parent, hasError }))).toEqual([
      { parent: root?.spanId, hasError: true },
      { parent: root?.spanId, hasError: true },
      { parent: root?.spanId, hasError: false },
    ]);
    expect(traceparents).toEqual(calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`));
  });

  it.each([
    ['refund', ['p-1'], 'pay refund', 'RefundPayment'],
    ['list', [], 'pay look', 'ListPayments'],
  ])('makes one of %s, too', async (command, args, root, method) => {
    const spans = await traceOf(await pay([command, ...args]), 2);
    expect(spans.map(({ name }) => name)).toEqual([root, `payment.v1.PaymentService/${method}`]);
  });

  it('marks a command that failed, and ends as it did', async () => {
    const ended = await pay([...order, '--address', '127.0.0.1:1', '--timeout', '0.5']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    const [root] = await traceOf(ended, 2);
    expect(root).toMatchObject({ hasError: true, tags: { 'process.exit.code': 1, 'error.type': '1' } });
  });

  it('prints no more than without on standard output, and nothing at all where telemetry is off', async () => {
    const json = [...order, '--json'];
    const { stdout } = await pay(json);
    expect(await pay(json, { OTEL_SDK_DISABLED: 'true' })).toMatchObject({ exitCode: 0, stdout, stderr: '' });
    expect(traceparents).toEqual([expect.stringMatching(/-01$/), 'undefined']);
  });

  it('keeps none and shows none where the sampler says so, and tells the service', async () => {
    expect(await pay(order, { OTEL_TRACES_SAMPLER: 'always_off' })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const [unkept = ''] = traceparents;
    expect(unkept).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(await readTrace(jaeger.query, unkept.split('-')[1] ?? '')).toEqual([]);
  });

  it('sends where the standard variables say, and names the page of TRACE_URL', async () => {
    await writeStack(null);
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp,
      TRACE_URL: 'https://traces.example/{traceId}/all',
    };
    const { stderr } = await pay(order, env);
    const [, traceId = ''] = /^trace {2}https:\/\/traces\.example\/([0-9a-f]{32})\/all\n$/.exec(stderr) ?? [];
    await untilTrace(jaeger.query, traceId, (spans) => (spans.length < 2 ? ['2 spans'] : []));
  });
});

describe('pay and a collector', () => {
  /** Takes requests and never answers one. */
  const openSilent = async () => {
    const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const server = createServer((request) => {
      asked.resolve();
      if (request.method === 'POST') request.socket.once('close', () => given.resolve());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const moments = { asked: asked.promise, givenUp: given.promise };
    return { query: url, otlp: url, ...moments, [Symbol.asyncDispose]: close };
  };

  /** Milliseconds that a command takes. */
  const timed = async (work: () => Promise<Ended>): Promise<Ended & { ms: number }> => {
    const before = performance.now();
    const ended = await work();
    return { ...ended, ms: performance.now() - before };
  };

  // The exporter's own patience: without a limit of ours a command would take a minute.
  const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '60000', OTEL_BSP_EXPORT_TIMEOUT: '60000' };

  it('that never answers costs it a second, and nothing else', async () => {
    await using silent = await openSilent();
    await writeStack(silent);
    const { exitCode, stdout, stderr, ms } = await timed(() => pay([...order, '--json'], patient));
    await silent.asked;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ payments: [{ paymentId: 'p-1' }] });
    expect(ms).toBeLessThan(15_000);
  });

  it('that never answers costs nothing of what is printed, however late that is read', async () => {
    await using silent = await openSilent();
    await writeStack(silent);
    // More than the system keeps between the two.
    listed = [create(PaymentSchema, { paymentId: 'p-1', reservationId: 'r'.repeat(2_000_000) })];
    await using running = startCommand('pay', ['list', '--json'], {
      LOCAL_STATE_DIR: folder,
      PAYMENT_ADDRESS: address,
      ...patient,
    });
    const held = running.holdStdout();
    await silent.givenUp;
    // That it does not end has no sign.
    await pause(1_000);
    held.go();
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(0);
    expect(stdout.length).toBeGreaterThan(2_000_000);
    expect(JSON.parse(stdout)).toMatchObject({ payments: [{ paymentId: 'p-1' }] });
  });

  it('that is away costs it a second at most, and nothing else', async () => {
    const nobody = 'http://127.0.0.1:1';
    await writeStack({ query: nobody, otlp: nobody });
    const ended = await timed(() => pay(order, patient));
    expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('p-1'), stderr: '' });
    expect(ended.ms).toBeLessThan(15_000);
  });

  it('with a sampler that there is not is refused by the name of the variable, before anything is done', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'some' };
    const { exitCode, stderr } = await pay(order, env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('OTEL_TRACES_SAMPLER must be one of');
    expect(traceparents).toEqual([]);
  });
});
