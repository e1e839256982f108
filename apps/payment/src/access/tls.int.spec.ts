import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openPaymentClient } from '@payments/contracts';
import { eventually, makeAuthority, makePair, type Pair, writePair } from '@payments/testing';
import type { TlsFiles } from '../config.ts';
import { failure, openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { openServerCredentials } from './server-credentials.ts';

/** Milliseconds from one look at the files to the next. */
const everyMs = 20;

let [ca, foreignCa, first, second] = [] as unknown as [Pair, Pair, Pair, Pair];
let closing: AsyncDisposableStack;
let folder: string;
let logged: string[];

beforeAll(async () => {
  [ca, foreignCa] = [await makeAuthority('ours'), await makeAuthority('foreign')];
  [first, second] = [await makePair(ca, 'localhost'), await makePair(ca, 'localhost')];
});
beforeEach(() => {
  closing = new AsyncDisposableStack();
  folder = closing.adopt(mkdtempSync(join(tmpdir(), 'payments-tls-')), (path) =>
    rmSync(path, { recursive: true }),
  );
  logged = [];
});
afterEach(() => closing.disposeAsync());

/** Serves over TLS with these files. */
const serve = async (files: TlsFiles): Promise<Fixture> => {
  const stop = new AbortController();
  closing.defer(() => stop.abort());
  const keep = (_fields: unknown, text: string) => void logged.push(text);
  const log = { info: keep, warn: keep } as never;
  const credentials = await openServerCredentials({ files, log, stop: stop.signal, everyMs });
  return closing.use(await openFixture({ credentials }));
};

const portOf = ({ server }: Fixture) => Number(new URL(`tcp://${server.address}`).port);

/** What a new connection to the server comes to: its certificate, or the code of the error. */
const certificateSeen = async (fixture: Fixture, options: ConnectionOptions = {}): Promise<string> => {
  const socket = connect({
    host: '127.0.0.1',
    port: portOf(fixture),
    ca: ca.cert,
    ALPNProtocols: ['h2'],
    ...options,
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? 'none';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code';
  } finally {
    socket.destroy();
  }
};

const fingerprint = ({ cert }: Pair) => new X509Certificate(cert).fingerprint256;

const untilSeen = (fixture: Fixture, pair: Pair) =>
  eventually(async () => {
    expect(await certificateSeen(fixture)).toBe(fingerprint(pair));
  });

const untilLogged = (text: string) =>
  eventually(() => {
    expect(logged).toContainEqual(expect.stringContaining(text));
  });

/** The status of an empty ListPayments on a connection of HTTP/2. */
const listOn = async (session: ClientHttp2Session): Promise<unknown> => {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/payment.v1.PaymentService/ListPayments',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  stream.resume();
  const [trailers] = (await once(stream, 'trailers')) as [Record<string, string>];
  return trailers['grpc-status'];
};

const clientOf = (fixture: Fixture, tls?: { ca: string; cert?: string; key?: string }) =>
  closing.use(openPaymentClient({ address: fixture.server.address, ...(tls && { tls }) }));

describe('a server with a certificate', () => {
  it('is spoken to by those who trust its authority alone', async () => {
    const fixture = await serve(writePair(folder, first));
    expect(await clientOf(fixture, { ca: ca.cert }).listPayments({})).toBeDefined();
    const error = await failure(
      clientOf(fixture, { ca: foreignCa.cert }).listPayments({}, { timeoutMs: 10_000 }),
    );
    expect(error.code).toBe(status.UNAVAILABLE);
  });

  it('is not spoken to in the clear, and goes on serving', async () => {
    const fixture = await serve(writePair(folder, first));
    const error = await failure(clientOf(fixture).listPayments({}, { timeoutMs: 10_000 }));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(await clientOf(fixture, { ca: ca.cert }).listPayments({})).toBeDefined();
  });

  it.each([
    ['TLSv1.1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['TLSv1.2', 'the certificate'],
    ['TLSv1.3', 'the certificate'],
  ] as const)('answers %s with %s', async (version, answer) => {
    const fixture = await serve(writePair(folder, first));
    // OpenSSL itself offers nothing so old unless it is told to.
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    const seen = await certificateSeen(fixture, old);
    expect(seen.replace(fingerprint(first), 'the certificate')).toBe(answer);
  });
});

describe('a server with an authority for clients', () => {
  const serveClients = async () => {
    const clientCa = join(folder, 'ca.crt');
    writeFileSync(clientCa, ca.cert);
    return serve({ ...writePair(folder, first), clientCa });
  };

  it('lets in clients with a certificate of it, and no others', async () => {
    const fixture = await serveClients();
    const call = (pair?: Pair) =>
      clientOf(fixture, { ca: ca.cert, ...pair }).listPayments({}, { timeoutMs: 10_000 });
    expect(await call(await makePair(ca, 'client'))).toBeDefined();
    expect(await failure(call())).toMatchObject({ code: status.UNAVAILABLE });
    expect(await failure(call(await makePair(foreignCa, 'client')))).toMatchObject({
      code: status.UNAVAILABLE,
    });
  });

  it('asks for one of the new authority when that was replaced', async () => {
    const fixture = await serveClients();
    writeFileSync(join(folder, 'ca.crt'), foreignCa.cert);
    await untilLogged('new connections use them');
    const call = (pair: Pair) =>
      clientOf(fixture, { ca: ca.cert, ...pair }).listPayments({}, { timeoutMs: 10_000 });
    expect(await call(await makePair(foreignCa, 'client'))).toBeDefined();
    expect(await failure(call(await makePair(ca, 'client')))).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('a certificate that is replaced under a living server', () => {
  it('is shown to new connections, while the old ones go on', async () => {
    const fixture = await serve(writePair(folder, first));
    const session = closing.adopt(
      connectHttp2(`https://${fixture.server.address}`, { ca: ca.cert }),
      (opened) => opened.destroy(),
    );
    expect(await listOn(session)).toBe('0');
    writePair(folder, second);
    await untilSeen(fixture, second);
    expect(await listOn(session)).toBe('0');
    expect(await clientOf(fixture, { ca: ca.cert }).listPayments({})).toBeDefined();
  });

  it('is seen when it comes by rename', async () => {
    const fixture = await serve(writePair(folder, first));
    const aside = join(folder, 'aside');
    mkdirSync(aside);
    const { cert, key } = writePair(aside, second);
    renameSync(key, join(folder, 'tls.key'));
    renameSync(cert, join(folder, 'tls.crt'));
    await untilSeen(fixture, second);
  });

  it('is seen when Kubernetes swaps the symlink of the whole folder', async () => {
    for (const [name, pair] of Object.entries({ old: first, new: second })) {
      mkdirSync(join(folder, name));
      writePair(join(folder, name), pair);
    }
    symlinkSync('old', join(folder, '..data'));
    for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(folder, file));
    const fixture = await serve({ cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') });
    expect(await certificateSeen(fixture)).toBe(fingerprint(first));
    symlinkSync('new', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await untilSeen(fixture, second);
  });

  it.each<[string, (paths: { cert: string; key: string }) => void]>([
    ['its key has not come yet', ({ cert }) => writeFileSync(cert, second.cert)],
    ['it is half written', ({ cert }) => writeFileSync(cert, second.cert.slice(0, 300))],
    ['it is no certificate', ({ cert }) => writeFileSync(cert, 'x')],
    ['its key is no key', ({ key }) => writeFileSync(key, 'x')],
    ['its file is gone', ({ cert }) => rmSync(cert)],
  ])('is not taken while %s: the one before goes on, and this is said once', async (_, spoil) => {
    const paths = writePair(folder, first);
    const fixture = await serve(paths);
    spoil(paths);
    await untilLogged('those before stay in use');
    await pause(10 * everyMs);
    expect(await certificateSeen(fixture)).toBe(fingerprint(first));
    expect(await clientOf(fixture, { ca: ca.cert }).listPayments({})).toBeDefined();
    writePair(folder, second);
    await untilSeen(fixture, second);
    expect(logged).toEqual([
      expect.stringContaining('those before stay in use'),
      expect.stringContaining('new connections use them'),
    ]);
  });
});
