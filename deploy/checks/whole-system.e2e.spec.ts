import { describe, expect, it } from '@jest/globals';
import { findKubernetes } from '@payments/servers';
import { appIn } from './apps.ts';
import { build, findKustomizations } from './built-manifests.fixture.ts';
import { workloadsOf, type Manifest } from './manifest.ts';
import { problemsOf, servedPaths } from './whole-system.fixture.ts';

const whereItCanRun = (await findKubernetes()) === null ? describe.skip : describe;
const overlays = (await findKustomizations()).filter(({ isOverlay }) => isOverlay);
const paths = await servedPaths();

whereItCanRun('a whole system', () => {
  const built = async (wanted: string) => {
    const overlay = overlays.find(({ name }) => name === wanted);
    return overlay ? (await build(overlay)).manifests : [];
  };

  it('is there for a cluster with operators and for one without', () => {
    expect(overlays.map(({ name }) => name)).toEqual(['overlays/local', 'overlays/production']);
  });

  it.each(overlays.map(({ name }) => name))('%s fits together, and is what the apps read', async (name) => {
    const manifests = await built(name);
    const apps = workloadsOf(manifests).flatMap(({ containers }) => containers.map(appIn));
    expect(apps.map((app) => app?.name)).toEqual(expect.arrayContaining(['payment', 'relay', 'notifier']));
    expect(problemsOf(manifests, paths)).toEqual([]);
  });

  /** As it is, but for one replacement in the text of the objects of one kind. */
  const broken = async (
    overlay: string,
    [kind, from, to]: readonly [kind: string, from: string, to: string],
  ) => {
    let times = 0;
    const manifests = (await built(overlay)).map((manifest) => {
      const text = JSON.stringify(manifest);
      if (manifest.kind !== kind || !text.includes(from)) return manifest;
      times++;
      return JSON.parse(text.replace(from, to)) as Manifest;
    });
    expect(times).toBeGreaterThan(0);
    return problemsOf(manifests, paths);
  };

  it.each([
    [
      'a Service',
      'Service',
      '"selector":{"app.kubernetes.io/name":"payment"',
      '"selector":{"app.kubernetes.io/name":"x"',
      'Service payment chooses no pods',
    ],
    [
      'a port',
      'Service',
      '"targetPort":"grpc"',
      '"targetPort":"http2"',
      'Service payment leads to port http2, which Deployment payment has not',
    ],
    [
      'a disruption budget',
      'PodDisruptionBudget',
      '"app.kubernetes.io/name":"relay"',
      '"app.kubernetes.io/name":"x"',
      'PodDisruptionBudget relay chooses no pods',
    ],
    [
      'a network policy',
      'NetworkPolicy',
      '"cnpg.io/cluster":"postgres"',
      '"cnpg.io/cluster":"x"',
      'NetworkPolicy to-postgres names pods that are not there',
    ],
    [
      'one of several in a network policy',
      'NetworkPolicy',
      '"values":["relay","notifier"]',
      '"values":["rely","notifier"]',
      'NetworkPolicy to-kafka names pods that are not there',
    ],
    [
      'a port of a network policy',
      'NetworkPolicy',
      '"port":9093',
      '"port":9092',
      'NetworkPolicy to-kafka opens port 9092, which none of Kafka kafka has',
    ],
    [
      'what scales',
      'HorizontalPodAutoscaler',
      '"name":"payment"}',
      '"name":"pay"}',
      'HorizontalPodAutoscaler payment scales pay, which is not there',
    ],
    [
      'what scales by lag',
      'ScaledObject',
      '"name":"notifier"}',
      '"name":"x"}',
      'scales x, which is not there',
    ],
    [
      'what is scraped',
      'ServiceMonitor',
      '"selector":{"matchLabels":{"app.kubernetes.io/name":"payment"',
      '"selector":{"matchLabels":{"app.kubernetes.io/name":"x"',
      'scrapes nothing',
    ],
    [
      'an account',
      'ServiceAccount',
      '"name":"relay"',
      '"name":"x"',
      'Deployment relay has the account relay, which is not there',
    ],
    [
      'an image',
      'Deployment',
      'payments/relay:',
      'payments/rely:',
      'payments/rely:0.1.0 is none of our apps',
    ],
    ['an argument', 'Job', '"--migrate-only"', '"--migrate"', 'payment: --migrate is no argument of an app'],
    [
      'a renamed variable',
      'ConfigMap',
      '"RELAY_CREATE_TOPICS"',
      '"RELAY_CREATES_TOPICS"',
      'RELAY_CREATES_TOPICS is not a variable that relay reads',
    ],
    [
      'a bad value',
      'ConfigMap',
      '"NOTIFIER_LOCALE":"en"',
      '"NOTIFIER_LOCALE":"xx"',
      'NOTIFIER_LOCALE must be',
    ],
    [
      'a bad value of telemetry',
      'ConfigMap',
      'parentbased_traceidratio',
      'ratio',
      'OTEL_TRACES_SAMPLER must be one of',
    ],
    [
      'a variable of another one',
      'Deployment',
      '$(DATABASE_PASSWORD)',
      '$(DATABASE_PASS)',
      'DATABASE_URL is made of DATABASE_PASS, which is not set before it',
    ],
    [
      'a variable of a program that is not ours',
      'Job',
      '"name":"DATABASE_SERVER"',
      '"name":"DATABASE_HOST"',
      'grants: DATABASE_URL is made of DATABASE_SERVER, which is not set before it',
    ],
    [
      'a password among arguments',
      'Job',
      '"value":"postgres://payments@$(DATABASE_SERVER)"',
      '"value":"postgres://payments:$(PGPASSWORD)@$(DATABASE_SERVER)"',
      'grants: DATABASE_URL, which holds a secret, is in its arguments',
    ],
    [
      'a host',
      'ConfigMap',
      'kafka-kafka-bootstrap:9093',
      'kafka-bootstrap:9093',
      'KAFKA_BROKERS names kafka-bootstrap, which is no service',
    ],
    [
      'a port of a host',
      'ConfigMap',
      'kafka-kafka-bootstrap:9093',
      'kafka-kafka-bootstrap:9092',
      'KAFKA_BROKERS names port 9092, which kafka-kafka-bootstrap has not',
    ],
    [
      'a mount',
      'Deployment',
      '"mountPath":"/etc/kafka/ca"',
      '"mountPath":"/etc/kafka"',
      'KAFKA_SSL_CA names /etc/kafka/ca/ca.crt, where nothing is mounted',
    ],
    [
      'a mount of a program that is not ours',
      'Job',
      '"mountPath":"/grants"',
      '"mountPath":"/sql"',
      'grants: it is told of /grants/grants.sql, where nothing is mounted',
    ],
    [
      'a secret',
      'Deployment',
      '"secretKeyRef":{"key":"password","name":"database-',
      '"secretKeyRef":{"key":"password","name":"db-',
      'is not there',
    ],
    ['a key of a secret', 'Deployment', '"key":"webhook-url"', '"key":"url"', 'Secret slack has no url'],
    [
      'a key of a secret that need not be there',
      'Deployment',
      '"key":"token"',
      '"key":"tokens"',
      'Secret authorizer has no tokens',
    ],
    ['a ConfigMap', 'Job', '"configMap":{"name":"', '"configMap":{"name":"x', 'is not there'],
    [
      'the port of a probe',
      'Deployment',
      '"grpc":{"port":50052',
      '"grpc":{"port":50051',
      'readinessProbe is not answered on 50051',
    ],
    [
      'the service of a probe',
      'Deployment',
      '"service":"payment.v1.PaymentService"',
      '"service":"payment.v1.Payment"',
      'readinessProbe asks for payment.v1.Payment, which is not served',
    ],
    [
      'the path of a probe',
      'Deployment',
      '"path":"/livez"',
      '"path":"/live"',
      'asks for /live, which is not served',
    ],
    [
      'where it listens',
      'ConfigMap',
      '"HTTP_LISTEN":"0.0.0.0:9103"',
      '"HTTP_LISTEN":"127.0.0.1:9103"',
      'livenessProbe is not answered on http',
    ],
  ])('says so of %s that does not fit', async (_, kind, from, to, problem) => {
    expect(await broken('overlays/production', [kind, from, to])).toEqual(
      expect.arrayContaining([expect.stringContaining(problem)]),
    );
  });
});
