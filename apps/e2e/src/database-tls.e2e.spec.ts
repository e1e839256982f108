import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openProducer } from '@payments/kafka';
import { eventually, makeAuthority, makePair, type Pair, type RunningService } from '@payments/testing';
import type pg from 'pg';
import { offerTls, readSessions } from './database-roles/offer-tls.fixture.ts';
import { asRole, migrateAsOwner, type DatabaseRole } from './database-roles/prepare-database.fixture.ts';
import { payment as paymentMessage } from './garbage/garbage.fixture.ts';
import { clientOf, payUntilAnswered, startSystem, type System } from './system.fixture.ts';

const apps = ['payment', 'relay', 'notifier'] as const;

let closing: AsyncDisposableStack;
let system: System;
let superuser: pg.Client;
let good: Pair;
let rogue: Pair;
let authorities: { good: string; other: string };
beforeAll(async () => {
  closing = new AsyncDisposableStack();
  system = closing.use(await startSystem());
  superuser = await system.connect();
  const folder = await mkdtemp(join(tmpdir(), 'payments-tls-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  authorities = { good: join(folder, 'ca.crt'), other: join(folder, 'other.crt') };
  const [authority, other] = [await makeAuthority('database'), await makeAuthority('somebody else')];
  await writeFile(authorities.good, authority.cert);
  await writeFile(authorities.other, other.cert);
  [good, rogue] = [await makePair(authority, 'postgres'), await makePair(other, 'postgres')];
}, 120_000);
beforeEach(() => offerTls(superuser, good));
afterAll(() => closing.disposeAsync());

/** As the manifests say it. */
const verified = (role: DatabaseRole, { ca = authorities.good, host = '127.0.0.1' } = {}): string => {
  const url = new URL(asRole(system.databaseUrl, role));
  url.hostname = host;
  url.search = `sslmode=verify-full&sslrootcert=${ca}`;
  return url.href;
};

const start = (app: (typeof apps)[number], more: { ca?: string; host?: string } = {}) =>
  system.start(app, { DATABASE_URL: verified(app, more), OTEL_SDK_DISABLED: 'false' });

/** Un-ready, for a reason that speaks of the certificate. */
const untilUnready = (service: RunningService, reason: RegExp) =>
  eventually(
    async () => {
      const reply = await fetch(`http://${service.http}/readyz`);
      expect(await reply.text()).toMatch(reason);
      expect(reply.status).toBe(503);
    },
    { timeoutMs: 60_000 },
  );

const untilTold = (posts: number) =>
  eventually(() => expect(system.slack.received()).toHaveLength(posts), { timeoutMs: 60_000 });

describe('a DATABASE_URL with sslmode=verify-full and sslrootcert', () => {
  it('encrypts every connection, and drops a server of another authority until that is trusted', async () => {
    const services = await Promise.all(apps.map((app) => start(app)));
    const [payment, relay] = services as [RunningService, RunningService, RunningService];
    await Promise.all(services.map((service) => service.ready()));
    using client = clientOf(payment);
    await payUntilAnswered(client, 'r-1');
    await untilTold(1);
    const seen: Record<string, boolean> = {};
    await eventually(async () => {
      // The figures are read for whoever looks at the metrics.
      await fetch(`http://${relay.http}/metrics`);
      Object.assign(seen, await readSessions(superuser));
      expect(seen).toEqual({
        notifier: true,
        'outbox figures': true,
        'outbox relay': true,
        'outbox waker': true,
        payment: true,
      });
    });

    await offerTls(superuser, rogue);
    // A notifier that has nothing to do has no use for its database.
    await using producer = openProducer({ kafka: { brokers: system.kafka.brokers, clientId: 'spec' } });
    await producer.send([paymentMessage('r-meanwhile')]);
    await Promise.all(services.map((service) => untilUnready(service, /certificate/)));
    expect(await readSessions(superuser)).toEqual({});

    // The file of an authority that was renewed is read again, with each connection.
    await appendFile(authorities.good, await readFile(authorities.other));
    await Promise.all(services.map((service) => service.ready()));
    await payUntilAnswered(client, 'r-2');
    await untilTold(3);
    for (const service of services) await service.kill('SIGTERM');
  }, 240_000);

  it('holds for migrations', async () => {
    const url = `${system.databaseUrl}?${new URL(verified('payments')).searchParams.toString()}`;
    await Promise.all([
      migrateAsOwner(url, 'payment'),
      migrateAsOwner(url, 'notifier'),
      expect(migrateAsOwner(system.databaseUrl, 'payment')).rejects.toThrow('no encryption'),
    ]);
  });

  it.each([
    ['of an authority that it does not know', 'notifier', () => ({ ca: authorities.other }), /certificate/],
    // Another way to write the address, which no certificate holds.
    ['for another name', 'relay', () => ({ host: '127.1' }), /does not match certificate/],
  ] as const)('refuses a certificate %s from the start', async (_what, app, more, reason) => {
    const service = await start(app, more());
    await untilUnready(service, reason);
    expect(await readSessions(superuser)).toEqual({});
    await service.kill('SIGTERM');
  });
});
