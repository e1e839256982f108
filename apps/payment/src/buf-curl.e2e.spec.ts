import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  ExecutePaymentsResponseSchema,
  PaymentEventSchema,
  PaymentState,
} from '@payments/contracts';
import { startService, throwAwayDatabase } from '@payments/testing';
import type { RunningService } from '@payments/testing';
import { openDatabase } from './database/open-database.ts';
import type { Database } from './database/open-database.ts';
import { run } from './service.fixture.ts';

let closing: AsyncDisposableStack;
let service: RunningService;
let database: Database;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  const { url } = closing.use(await throwAwayDatabase());
  database = closing.use(openDatabase({ databaseUrl: url }));
  const env = { DATABASE_URL: url, GRPC_REFLECTION: 'true', OTEL_SDK_DISABLED: 'false' };
  service = closing.use(await startService({ app: 'payment', env }));
  await service.ready();
});
afterAll(async () => {
  await closing.disposeAsync();
});

/** An independent client: Go's gRPC, and no file of ours but what the service tells of itself by reflection. */
const bufCurl = (method: string, request: object, options: readonly string[] = []) =>
  run({
    script: 'node_modules/@bufbuild/buf/bin/buf',
    args: [
      ...['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', JSON.stringify(request)],
      ...options,
      `http://${service.grpc}/${method}`,
    ],
    env: { HOME: process.env['HOME'] ?? '/tmp' },
  });

const pay = (reservations: readonly object[], options: readonly string[] = []) =>
  bufCurl('payment.v1.PaymentService/ExecutePayments', { user_id: '사용자', reservations }, options);

describe('an independent client', () => {
  it('pays over reflection and reads what the contract says', async () => {
    const { stdout, exitCode } = await pay([
      { reservation_id: '예약-1', amount: { currency_code: 'KRW', units: 15000 } },
      { reservation_id: 'r-2', amount: { currency_code: 'USD', units: 12, nanos: 500000000 } },
    ]);
    expect(exitCode).toBe(0);
    const { payments } = fromJsonString(ExecutePaymentsResponseSchema, stdout);
    expect(payments).toMatchObject([
      {
        userId: '사용자',
        reservationId: '예약-1',
        amount: { units: 15_000n },
        state: PaymentState.COMPLETED,
      },
      { reservationId: 'r-2', amount: { units: 12n, nanos: 500_000_000 }, state: PaymentState.COMPLETED },
    ]);
  });

  it('reads every bad field out of the details of the status', async () => {
    const one = { reservation_id: 'r-9', amount: { currency_code: 'KRW', units: 1 } };
    const { stderr, exitCode } = await pay([one, one]);
    expect(exitCode).not.toBe(0);
    const error = JSON.parse(stderr) as { code: string; details: { type: string; value: string }[] };
    expect(error.code).toBe('invalid_argument');
    const valueOf = (type: string) =>
      Buffer.from(error.details.find((detail) => detail.type === type)?.value ?? '', 'base64');
    expect(fromBinary(ErrorInfoSchema, valueOf('google.rpc.ErrorInfo'))).toMatchObject({
      reason: 'INVALID_REQUEST',
      domain: 'payment.v1',
    });
    const { fieldViolations } = fromBinary(BadRequestSchema, valueOf('google.rpc.BadRequest'));
    expect(fieldViolations.map(({ field }) => field)).toEqual([
      'reservations[0].reservation_id',
      'reservations[1].reservation_id',
    ]);
  });

  it('finds the standard health service, serving', async () => {
    for (const name of ['', 'payment.v1.PaymentService']) {
      const { stdout } = await bufCurl('grpc.health.v1.Health/Check', { service: name }, [
        ...['--schema', 'node_modules/grpc-health-check/proto'],
      ]);
      expect(JSON.parse(stdout)).toEqual({ status: 'SERVING' });
    }
  });

  it('has its traceparent kept in the message of its payment', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await pay(
      [{ reservation_id: 'traced', amount: { currency_code: 'KRW', units: 1 } }],
      ['--header', `traceparent: ${traceparent}`],
    );
    const [message] = await database.em
      .fork()
      .execute<{ headers: Record<string, string>; payload: Buffer }[]>(
        `select headers, payload from outbox.message where key = 'traced'`,
      );
    expect(message?.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(fromBinary(PaymentEventSchema, message?.payload ?? Buffer.alloc(0)).payment?.reservationId).toBe(
      'traced',
    );
  });
});
