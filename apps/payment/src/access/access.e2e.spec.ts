import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { credentials, makeClientConstructor, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openPaymentClient, PaymentService, PaymentState } from '@payments/contracts';
import {
  eventually,
  makeAuthority,
  makePair,
  type Pair,
  startService,
  tcpProxy,
  throwAwayDatabase,
  writePair,
} from '@payments/testing';
import type { RunningService } from '@payments/testing';
import { service as healthService } from 'grpc-health-check';
import { openDatabase } from '../database/open-database.ts';
import { failure, won } from '../payment.fixture.ts';
import { run } from '../service.fixture.ts';
import { openIssuer } from './issuer.fixture.ts';
import type { Issuer } from './issuer.fixture.ts';

let [ca, pair, client] = [] as unknown as [Pair, Pair, Pair];
let closing: AsyncDisposableStack;
let issuer: Issuer;
let folder: string;
let files: { cert: string; key: string };

beforeAll(async () => {
  ca = await makeAuthority('ours');
  [pair, client] = [await makePair(ca, 'localhost'), await makePair(ca, 'client')];
});
beforeEach(async () => {
  closing = new AsyncDisposableStack();
  issuer = closing.use(await openIssuer());
  folder = closing.adopt(mkdtempSync(join(tmpdir(), 'payments-access-')), (path) =>
    rmSync(path, { recursive: true }),
  );
  files = writePair(folder, pair);
});
afterEach(() => closing.disposeAsync());

/** What asks for TLS and tokens. */
const secure = () => ({
  GRPC_TLS_CERT: files.cert,
  GRPC_TLS_KEY: files.key,
  AUTH_JWKS_URL: issuer.tokens.jwksUrl,
  AUTH_ISSUER: issuer.tokens.issuer,
  AUTH_AUDIENCE: issuer.tokens.audience,
});

const start = async (
  env: Readonly<Record<string, string>>,
  databaseUrl?: string,
): Promise<RunningService> => {
  const url = databaseUrl ?? closing.use(await throwAwayDatabase()).url;
  return closing.use(await startService({ app: 'payment', env: { DATABASE_URL: url, ...env } }));
};

/** The address of the second listener. */
const healthOf = async (service: RunningService): Promise<string> => {
  const { fields } = await service.waitForLine(({ fields }) => fields['msg'] === 'listening');
  return String(fields['grpcHealth']);
};

/** A client that shares no line with the server: Connect's, with the certificate authority and a token. */
const independent = (service: RunningService, options: { token?: string; pair?: Pair } = {}) => {
  const transport = createGrpcTransport({
    baseUrl: `https://${service.grpc}`,
    nodeOptions: { ca: ca.cert, ...options.pair },
    interceptors: [
      (next) => (request) => {
        if (options.token !== undefined) request.header.set('authorization', `Bearer ${options.token}`);
        return next(request);
      },
    ],
  });
  return createClient(PaymentService, transport);
};

const codeOf = async (call: Promise<unknown>): Promise<Code> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => ConnectError.from(error).code,
  );

type HealthClient = InstanceType<ReturnType<typeof makeClientConstructor>>;

const healthClient = (address: string, channel = credentials.createInsecure()): HealthClient =>
  closing.adopt(new (makeClientConstructor(healthService, 'Health'))(address, channel), (opened) =>
    opened.close(),
  );

/** What the health service says of a service: its status, or the code of the error. */
const check = (health: HealthClient, service: string): Promise<unknown> =>
  new Promise((resolve) => {
    const done = (error: ServiceError | null, reply?: { status: string }) =>
      resolve(error ? status[error.code] : reply?.status);
    (health['check'] as (request: object, done_: typeof done) => void)({ service }, done);
  });

describe('the service with TLS and tokens', () => {
  it('says at its start that both are asked for, and not with what', async () => {
    const service = await start(secure());
    const { fields, text } = await service.waitForLine(({ fields }) => fields['msg'] === 'listening');
    expect(fields).toMatchObject({ tls: true, tokens: true, gateway: false });
    for (const value of Object.values(secure())) expect(text).not.toContain(value);
  });

  it('serves an independent client that has both, and its log tells nothing of whom and how much', async () => {
    const { url } = closing.use(await throwAwayDatabase());
    const service = await start(secure(), url);
    await service.ready();
    const user = 'name-of-somebody';
    const token = await issuer.token(user);
    const { executePayments, getPayment } = independent(service, { token });
    const reservations = [won('reservation-of-somebody', 987_654n), won('declined', 9_876_543n)];
    const { payments } = await executePayments({ userId: user, reservations });
    expect(payments).toMatchObject([
      { userId: user, state: PaymentState.COMPLETED },
      { state: PaymentState.FAILED },
    ]);
    const { payment } = await getPayment({ paymentId: payments[0]?.paymentId ?? '' });
    expect(payment).toMatchObject({ amount: { units: 987_654n } });

    const expired = await issuer.token(user, { endsInS: -600 });
    expect(await codeOf(independent(service, { token: expired }).listPayments({}))).toBe(
      Code.Unauthenticated,
    );
    expect(await codeOf(independent(service).listPayments({}))).toBe(Code.Unauthenticated);
    expect(await codeOf(executePayments({ userId: 'another-name', reservations }))).toBe(
      Code.PermissionDenied,
    );
    await service.waitForLine('a token was refused');
    // A fault of ours is logged with its cause; that must not bring along what the statement was about.
    const observer = closing.use(openDatabase({ databaseUrl: url, applicationName: 'observer' }));
    await observer.em
      .fork()
      .execute('alter table payment.payment add constraint spoiled check (amount_minor < 0) not valid');
    expect(
      await codeOf(executePayments({ userId: user, reservations: [won('spoiled-reservation', 876_543n)] })),
    ).toBe(Code.Internal);
    await service.waitForLine('a call failed for a reason of ours');
    service.send('SIGTERM');
    expect(await service.ended).toBe('exit code 0');

    const log = service.lines.map(({ text }) => text).join('\n');
    expect(log).toContain('listening');
    const secrets = [token, expired].flatMap((secret) => secret.split('.'));
    for (const told of [
      ...secrets,
      user,
      'another-name',
      // What was paid has its line, which names the reservation; a fault's does not.
      'spoiled-reservation',
      '987654',
      '9876543',
      '876543',
    ])
      expect(log).not.toContain(told);
  });

  it('lets in clients with a certificate alone when it has an authority for them, and probes in the clear', async () => {
    const clientCa = join(folder, 'ca.crt');
    writeFileSync(clientCa, ca.cert);
    const service = await start({
      ...secure(),
      GRPC_TLS_CLIENT_CA: clientCa,
      GRPC_HEALTH_LISTEN: '127.0.0.1:0',
    });
    await service.ready();
    const token = await issuer.token('u-1');
    const userId = 'u-1';
    expect(await independent(service, { token, pair: client }).listPayments({ userId })).toBeDefined();
    expect(await codeOf(independent(service, { token }).listPayments({ userId }))).not.toBe(
      Code.Unauthenticated,
    );
    expect(await check(healthClient(await healthOf(service)), '')).toBe('SERVING');
  });

  it('takes a certificate that is replaced without a restart', async () => {
    const service = await start(secure());
    await service.ready();
    writePair(folder, await makePair(ca, 'localhost'));
    await service.waitForLine('the TLS files have changed: new connections use them');
    const token = await issuer.token('u-1');
    expect(await independent(service, { token }).listPayments({ userId: 'u-1' })).toBeDefined();
  });

  it('is not started with files that do not fit: one line names the variable', async () => {
    writeFileSync(files.key, client.key);
    const env = { ...secure(), HTTP_LISTEN: '127.0.0.1:0', GRPC_LISTEN: '127.0.0.1:0' };
    const ended = await run({ script: 'apps/payment/src/main.ts', args: [], env });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr.trim().split('\n')).toEqual([
      'The configuration is not usable:',
      '  GRPC_TLS_KEY is not the key of the certificate in GRPC_TLS_CERT',
    ]);
  });
});

describe('the health listener', () => {
  const names = ['', 'payment.v1.PaymentService'];

  it('says what the main one says, which asks for no token for it, and follows it', async () => {
    const { url } = closing.use(await throwAwayDatabase());
    const proxy = closing.use(await tcpProxy({ target: new URL(url).host }));
    const throughProxy = Object.assign(new URL(url), { host: proxy.address }).href;
    await proxy.refuse();
    const service = await start({ ...secure(), GRPC_HEALTH_LISTEN: '127.0.0.1:0' }, throughProxy);
    const probes = healthClient(await healthOf(service));
    const main = healthClient(service.grpc ?? '', credentials.createSsl(Buffer.from(ca.cert)));
    const both = () =>
      Promise.all([probes, main].flatMap((health) => names.map((name) => check(health, name))));
    expect(await both()).toEqual(Array.from({ length: 4 }, () => 'NOT_SERVING'));
    expect(await check(probes, 'another.Service')).toBe('NOT_FOUND');
    await proxy.accept();
    await eventually(async () => {
      expect(await both()).toEqual(Array.from({ length: 4 }, () => 'SERVING'));
    });
  });

  it('serves nothing else, and a watcher does not keep the process from its end', async () => {
    const service = await start({ GRPC_HEALTH_LISTEN: '127.0.0.1:0', GRPC_REFLECTION: 'true' });
    await service.ready();
    const address = await healthOf(service);
    const payments = closing.use(openPaymentClient({ address }));
    const error = await failure(payments.executePayments({ userId: 'u-1', reservations: [won('r-1')] }));
    expect(error.code).toBe(status.UNIMPLEMENTED);
    const reflection = await fetchReflection(address);
    expect(reflection).toBe('UNIMPLEMENTED');
    const watch = (healthClient(address)['watch'] as (request: object) => NodeJS.ReadableStream)({
      service: '',
    });
    watch.on('error', () => undefined);
    const seen = await new Promise<{ status: string }>((resolve) => watch.once('data', resolve));
    expect(seen).toMatchObject({ status: 'SERVING' });
    service.send('SIGTERM');
    expect(await service.ended).toBe('exit code 0');
  });
});

/** What a call of the reflection service comes to. */
const fetchReflection = (address: string): Promise<string | undefined> => {
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const bytes = (body: Buffer) => body;
  const channel = healthClient(address);
  return new Promise((resolve) => {
    const call = channel.makeBidiStreamRequest(path, bytes, bytes);
    call.on('error', (error: ServiceError) => resolve(status[error.code]));
    call.on('data', () => resolve('an answer'));
    // list_services: ""
    call.end(Buffer.from([0x3a, 0x00]));
  });
};
