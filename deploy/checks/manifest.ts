/** An object as it is applied to Kubernetes. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
  spec?: unknown;
  data?: Readonly<Record<string, string>>;
  stringData?: Readonly<Record<string, string>>;
}

export type Labels = Readonly<Record<string, string>>;

/** A reference to a key of a ConfigMap or of a Secret. */
export interface KeyReference {
  name: string;
  key: string;
  optional?: boolean;
}

/** What the checks look at in a container. */
export interface Container {
  name: string;
  image: string;
  command?: readonly string[];
  args?: readonly string[];
  envFrom?: readonly {
    configMapRef?: { name: string; optional?: boolean };
    secretRef?: { name: string; optional?: boolean };
  }[];
  env?: readonly {
    name: string;
    value?: string;
    valueFrom?: { configMapKeyRef?: KeyReference; secretKeyRef?: KeyReference; fieldRef?: object };
  }[];
  ports?: readonly { name?: string; containerPort: number }[];
  volumeMounts?: readonly { name: string; mountPath: string; subPath?: string }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}

/** How kubelet asks a container how it is. */
export interface Probe {
  httpGet?: { path: string; port: string | number };
  grpc?: { port: number; service?: string };
}

type Files = { items?: readonly { key: string; path: string }[]; optional?: boolean };

/** Where a volume's files come from. */
export interface VolumeSource {
  emptyDir?: object;
  configMap?: Files & { name: string };
  secret?: Files & { secretName?: string; name?: string };
}

/** What the checks look at in a pod. */
export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  initContainers?: readonly Container[];
  containers: readonly Container[];
  volumes?: readonly (VolumeSource & { name: string; projected?: { sources: readonly VolumeSource[] } })[];
}

/** An object that makes pods, and what those are like. */
export interface Workload {
  manifest: Manifest;
  labels: Labels;
  pod: PodSpec;
  /** Of the pod, init containers first. */
  containers: readonly Container[];
}

type Template = { metadata?: { labels?: Labels }; spec: PodSpec };

/** The objects among `manifests` that make pods: Deployments, StatefulSets, DaemonSets, Jobs and CronJobs. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    if (!/^(apps|batch)\//.test(manifest.apiVersion)) return [];
    type Spec = {
      template?: Template;
      jobTemplate?: { spec: { template: Template } };
      volumeClaimTemplates?: readonly Manifest[];
    };
    const spec = specOf<Spec>(manifest);
    const { jobTemplate, template = jobTemplate?.spec.template, volumeClaimTemplates: claims = [] } = spec;
    if (!template) return [];
    const { initContainers = [], containers, volumes = [] } = template.spec;
    // As the controller of a StatefulSet does, with an empty folder for what would be a disk.
    const disks = claims.map(({ metadata: { name } }) => ({ name, emptyDir: {} }));
    return [
      {
        manifest,
        labels: template.metadata?.labels ?? {},
        pod: { ...template.spec, volumes: [...volumes, ...disks] },
        containers: [...initContainers, ...containers],
      },
    ];
  });
}

/** Those of one kind; `specOf` says what their spec is like. */
export function ofKind(manifests: readonly Manifest[], ...kinds: string[]): Manifest[] {
  return manifests.filter(({ kind }) => kinds.includes(kind));
}

/** A manifest's spec, as what the caller knows it to be. */
export function specOf<Spec>({ spec }: Manifest): Spec {
  return spec as Spec;
}

/** `Service payment`, for a problem's text. */
export function title({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

/** How objects are chosen by their labels. */
export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** Whether a selector chooses what has these labels. */
export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      const among = value !== undefined && values.includes(value);
      if (operator === 'In') return among;
      if (operator === 'NotIn') return !among;
      return operator === 'Exists' ? value !== undefined : value === undefined;
    })
  );
}
