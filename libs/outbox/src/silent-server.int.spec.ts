import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { tcpProxy, testServers, type TcpProxy } from '@payments/testing';
import { append, drain, outboxDatabase, texts } from './outbox.fixture.ts';
import { migrateOutbox } from './migrations/migrate-outbox.ts';
import { openRelaySession } from './relay/relay-session.ts';

// A frozen server, a load balancer without a backend, a cut network: the connection stands, and nobody answers.
let database: Awaited<ReturnType<typeof outboxDatabase>>;
let proxy: TcpProxy;
let url: string;
beforeEach(async () => {
  database = await outboxDatabase();
  proxy = await tcpProxy({ target: new URL(testServers().postgresUrl).host });
  url = Object.assign(new URL(database.url), { host: proxy.address }).href;
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

it('a migration gives a silent server up', async () => {
  proxy.hold();
  const attempt = migrateOutbox({ databaseUrl: url });
  await expect(attempt).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retriable: true });
});

it('a relay whose server goes silent loses its session within half a minute, with all that it asked, and can end it', async () => {
  const limits = { rows: 10, bytes: 1_000_000 };
  const session = await openRelaySession({ databaseUrl: url, limits });
  const writer = await database.connect();
  await append(writer, 'k', 'waiting');
  const lost = new Promise((resolve) => session.lost.addEventListener('abort', resolve));
  const begun = Date.now();
  proxy.hold();
  const asked = Promise.allSettled([session.nextBatch(), session.nextBatch()]);
  await lost;
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  // The time of one statement, 15 s; one after the other they would take 30 s.
  expect(Date.now() - begun).toBeLessThan(28_000);
  await session[Symbol.asyncDispose]();
  proxy.cutAll();

  // The server has given the lanes back by then: the relay's silence was as long for it.
  expect(texts(await drain(await database.session()))).toEqual(['waiting']);
});
