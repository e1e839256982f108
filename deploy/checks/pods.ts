import { ofKind, specOf, workloadsOf, type Labels, type Manifest } from './manifest.ts';

/** Pods of one kind, whoever makes them. */
export interface Pods {
  /** Who makes them, as in `Deployment payment`. */
  of: string;
  labels: Labels;
  ports: readonly { name?: string; number: number }[];
}

/** A Service, whoever makes it. */
export interface Reachable {
  name: string;
  /** Absent: any. */
  ports?: readonly number[];
}

type Listeners = { kafka: { listeners: readonly { port: number }[] } };

/** The pods that there will be: ours, and those that operators make of what we ask them for. */
export function podsOf(manifests: readonly Manifest[]): Pods[] {
  const ours = workloadsOf(manifests).map(({ manifest: { kind, metadata }, labels, containers }) => ({
    of: `${kind} ${metadata.name}`,
    labels,
    ports: containers.flatMap(({ ports = [] }) =>
      ports.map(({ name, containerPort }) => ({ ...(name && { name }), number: containerPort })),
    ),
  }));
  return [...ours, ...ofStrimzi(manifests), ...ofCloudNativePg(manifests)];
}

/** https://strimzi.io/docs/operators/latest/deploying#assembly-security-str: labels and ports of what it makes. */
function ofStrimzi(manifests: readonly Manifest[]): Pods[] {
  return ofKind(manifests, 'Kafka').map((manifest) => {
    const { name } = manifest.metadata;
    const listeners = specOf<Listeners>(manifest).kafka.listeners.map(({ port }) => ({ number: port }));
    return {
      of: `Kafka ${name}`,
      labels: { 'strimzi.io/cluster': name, 'strimzi.io/kind': 'Kafka', 'strimzi.io/name': `${name}-kafka` },
      // 9090 among controllers, 9091 among brokers, 9404 for Prometheus.
      ports: [...listeners, { number: 9090 }, { number: 9091 }, { name: 'tcp-prometheus', number: 9404 }],
    };
  });
}

/** https://cloudnative-pg.io/documentation/current/labels_annotations: labels and ports of what it makes. */
function ofCloudNativePg(manifests: readonly Manifest[]): Pods[] {
  return ofKind(manifests, 'Cluster').map(({ metadata: { name } }) => ({
    of: `Cluster ${name}`,
    labels: { 'cnpg.io/cluster': name, 'cnpg.io/podRole': 'instance' },
    ports: [
      { name: 'postgresql', number: 5432 },
      { name: 'metrics', number: 9187 },
      { name: 'status', number: 8000 },
    ],
  }));
}

/** The Services that there will be, with the ports that they have. */
export function servicesOf(manifests: readonly Manifest[]): Reachable[] {
  const ours = ofKind(manifests, 'Service').map((manifest) => ({
    name: manifest.metadata.name,
    ports: specOf<{ ports: readonly { port: number }[] }>(manifest).ports.map(({ port }) => port),
  }));
  const kafkas = ofKind(manifests, 'Kafka').map((manifest) => ({
    name: `${manifest.metadata.name}-kafka-bootstrap`,
    ports: specOf<Listeners>(manifest).kafka.listeners.map(({ port }) => port),
  }));
  const clusters = ofKind(manifests, 'Cluster').flatMap(({ metadata: { name } }) =>
    ['rw', 'ro', 'r'].map((role) => ({ name: `${name}-${role}`, ports: [5432] })),
  );
  return [...ours, ...kafkas, ...clusters];
}
