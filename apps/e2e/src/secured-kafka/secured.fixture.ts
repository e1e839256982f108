import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaConfig } from '@payments/kafka';
import { startKafka, type RunningKafka } from '@payments/servers';
import { makeAuthority, makePair } from '@payments/testing';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { allowUsers } from './allow.fixture.ts';
import { brokerSettings, onOneBroker, topics, users } from './manifests.fixture.ts';

/** A Kafka as the manifests describe it, but of one broker, with their topics and users. */
export interface SecuredKafka extends AsyncDisposable {
  kafka: RunningKafka;
  admin: Admin;
  /** How a user of the manifests gets in. */
  as: (user: string) => KafkaConfig;
  /** The same, as the services are told it. */
  envOf: (user: string) => Record<string, string>;
}

/** Starts it. Users have the certificates that Strimzi would keep in their Secrets. */
export async function startSecuredKafka(): Promise<SecuredKafka> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-secured-'));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const tls = await issueCertificates(folder);
  const settings = onOneBroker(brokerSettings);
  const kafka = starting.use(await startKafka({ dataDir: join(folder, 'kafka'), tls, settings }));
  for (const { metadata, spec } of topics)
    await kafka.createTopic({
      topic: metadata.name,
      partitions: spec.partitions,
      config: onOneBroker(spec.config),
    });
  const client = { brokers: kafka.brokers, clientId: 'spec', logLevel: kafkajs.logLevel.NOTHING };
  const admin = new kafkajs.Kafka(client).admin();
  await admin.connect();
  starting.defer(() => admin.disconnect());
  await allowUsers(admin);

  const filesOf = (user: string) => ({
    ca: join(folder, 'ca.crt'),
    cert: join(folder, user, 'user.crt'),
    key: join(folder, user, 'user.key'),
  });
  const running = starting.move();
  return {
    kafka,
    admin,
    as: (user) => ({ brokers: kafka.securedBrokers, clientId: 'spec', ssl: filesOf(user) }),
    envOf: (user) => {
      const { ca, cert, key } = filesOf(user);
      const files = { KAFKA_SSL_CA: ca, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key };
      return { KAFKA_BROKERS: kafka.securedBrokers.join(), KAFKA_SSL: 'true', ...files };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function issueCertificates(folder: string): Promise<{ keystore: string; truststore: string }> {
  const [ca, clients] = await Promise.all([makeAuthority('cluster-ca'), makeAuthority('clients-ca')]);
  const broker = await makePair(ca, 'kafka');
  const [keystore, truststore] = [join(folder, 'broker.pem'), join(folder, 'clients-ca.crt')];
  await writeFile(keystore, broker.key + broker.cert);
  await writeFile(truststore, clients.cert);
  await writeFile(join(folder, 'ca.crt'), ca.cert);
  for (const { name } of users) {
    const user = await makePair(clients, name);
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'user.crt'), user.cert);
    await writeFile(join(folder, name, 'user.key'), user.key);
  }
  return { keystore, truststore };
}
