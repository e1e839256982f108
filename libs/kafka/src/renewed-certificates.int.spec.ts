import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeAuthority, makePair, startKafka } from '@payments/testing';
import type { Pair, RunningKafka } from '@payments/testing';
import { retry } from 'rxjs';

import { KafkaError } from './kafka-error.ts';
import { messages$ } from './messages.ts';
import { openProducer } from './producer.ts';

const topic = 'renewed';
const closing = new AsyncDisposableStack();
let folder: string;
let kafka: RunningKafka;
const path = (name: string) => join(folder, name);
const files = () => ({ ca: path('ca.crt'), cert: path('user.crt'), key: path('user.key') });
const secured = () => ({ brokers: kafka.securedBrokers, clientId: 'spec', ssl: files() });
const message = (text: string) => ({ topic, key: 'k', value: Buffer.from(text), headers: {} });

/** What an operator keeps in its Secrets: authorities of the brokers and of the users, and one of each. */
async function issue(): Promise<{ ca: Pair; broker: Pair; users: Pair; user: Pair }> {
  const [ca, users] = await Promise.all([makeAuthority('cluster'), makeAuthority('clients')]);
  const [broker, user] = await Promise.all([makePair(ca, 'broker'), makePair(users, 'reader')]);
  return { ca, broker, users, user };
}

type Issued = Awaited<ReturnType<typeof issue>>;

/** As the kubelet does it: whole files take the place of the former ones. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(path(`${name}.new`), text);
  await rename(path(`${name}.new`), path(name));
}

const giveBroker = ({ broker, users }: Issued) =>
  Promise.all([put('broker.pem', `${broker.key}${broker.cert}`), put('clients.crt', users.cert)]);
const giveClient = ({ ca, user }: Issued) =>
  Promise.all([put('ca.crt', ca.cert), put('user.crt', user.cert), put('user.key', user.key)]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'payments-renewed-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const first = await issue();
  await Promise.all([giveBroker(first), giveClient(first)]);
  const tls = { keystore: path('broker.pem'), truststore: path('clients.crt') };
  // No rights are asked for here: who has a certificate is let in.
  const settings = { 'super.users': 'User:ANONYMOUS;User:CN=reader' };
  kafka = closing.use(await startKafka({ dataDir: path('kafka'), tls, settings }));
  await kafka.createTopic({ topic });
});
afterAll(() => closing.disposeAsync());

describe('certificates that are renewed while a process runs', () => {
  it('are used by the next connections: producer and consumer go on, and come back when the broker has dropped them', async () => {
    await using producer = openProducer({ kafka: secured() });
    const texts: string[] = [];
    const reading = messages$({
      kafka: secured(),
      groupId: 'readers',
      topics: [topic],
      sessionTimeoutMs: 6000,
    })
      .pipe(retry({ delay: 200 }))
      .subscribe((read) => {
        texts.push(read.value.toString());
        read.ack();
      });
    closing.defer(() => reading.unsubscribe());
    const sent = (text: string) => eventually(() => producer.send([message(text)]), { timeoutMs: 60_000 });
    const told = (text: string) => eventually(() => expect(texts).toContain(text), { timeoutMs: 60_000 });
    await sent('before');
    await told('before');

    const renewed = await issue();
    await giveClient(renewed);
    await producer.send([message('on the connection there was')]);
    await told('on the connection there was');

    await kafka.stop();
    await giveBroker(renewed);
    await kafka.start();
    await sent('after');
    await told('after');
  });

  it('fail one connection, not the process, while a file is missing or is another one’s', async () => {
    await using producer = openProducer({ kafka: secured() });
    const refusal = () => producer.send([message('not yet')]).catch((error: unknown) => error);
    await rename(path('user.key'), path('kept.key'));
    expect(await refusal()).toMatchObject({ retriable: true, message: expect.stringContaining('user.key') });
    await put('user.key', (await issue()).user.key);
    const mismatch = await refusal();
    expect(mismatch).toBeInstanceOf(KafkaError);
    expect(mismatch).toMatchObject({ retriable: true });
    await rename(path('kept.key'), path('user.key'));
    await producer.send([message('again')]);
  });

  it('are asked for: without one, or with one of another authority, nobody is let in', async () => {
    const stranger = await issue();
    await put('stranger.crt', stranger.user.cert);
    await put('stranger.key', stranger.user.key);
    const { ca } = files();
    for (const ssl of [{ ca }, { ca, cert: path('stranger.crt'), key: path('stranger.key') }, {}]) {
      await using producer = openProducer({ kafka: { ...secured(), ssl } });
      await expect(producer.send([message('never')])).rejects.toMatchObject({ retriable: true });
    }
  });
});
