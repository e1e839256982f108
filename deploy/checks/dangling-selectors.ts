import {
  ofKind,
  selects,
  specOf,
  title,
  workloadsOf,
  type Labels,
  type Manifest,
  type Selector,
} from './manifest.ts';
import { podsOf, type Pods } from './pods.ts';

/**
 * What chooses or names something that is not there, which Kubernetes takes without a word: Services, network policies,
 * disruption budgets, what scales, what is scraped, and whose account a pod has. One sentence each; none, where all is well.
 */
export function danglingSelectors(manifests: readonly Manifest[]): string[] {
  const pods = podsOf(manifests);
  return [
    ...ofKind(manifests, 'Service').flatMap((service) => serviceProblems(service, pods)),
    ...ofKind(manifests, 'PodDisruptionBudget').flatMap((budget) => {
      const { selector } = specOf<{ selector: Selector }>(budget);
      return chosen(selector, pods).length > 0 ? [] : [`${title(budget)} chooses no pods`];
    }),
    ...ofKind(manifests, 'NetworkPolicy').flatMap((policy) => policyProblems(policy, pods)),
    ...scalerProblems(manifests),
    ...ofKind(manifests, 'ServiceMonitor', 'PodMonitor').flatMap((monitor) =>
      monitorProblems(monitor, manifests),
    ),
    ...workloadsOf(manifests).flatMap(({ manifest, pod: { serviceAccountName: account } }) =>
      account === undefined ||
      ofKind(manifests, 'ServiceAccount').some(({ metadata }) => metadata.name === account)
        ? []
        : [`${title(manifest)} has the account ${account}, which is not there`],
    ),
  ];
}

const chosen = (selector: Selector, pods: readonly Pods[]) =>
  pods.filter(({ labels }) => selects(selector, labels));

/** A selector for each value that is chosen among, since a wrong one hides behind the others. */
function ofEachValue(selector: Selector): Selector[] {
  const { matchExpressions = [] } = selector;
  const among = matchExpressions.find(({ operator }) => operator === 'In');
  if (!among) return [selector];
  const rest = matchExpressions.filter((one) => one !== among);
  return (among.values ?? []).map((value) => ({
    ...selector,
    matchExpressions: [...rest, { ...among, values: [value] }],
  }));
}

const lacks = (pods: readonly Pods[], port: string | number) =>
  pods.filter(({ ports }) => !ports.some(({ name, number }) => port === name || port === number));

function serviceProblems(service: Manifest, pods: readonly Pods[]): string[] {
  type Spec = {
    selector?: Labels;
    ports?: readonly { port: number; targetPort?: string | number }[];
  };
  const { selector, ports = [] } = specOf<Spec>(service);
  if (!selector) return [`${title(service)} has no selector`];
  const behind = chosen({ matchLabels: selector }, pods);
  if (behind.length === 0) return [`${title(service)} chooses no pods`];
  return ports.flatMap(({ port, targetPort = port }) =>
    lacks(behind, targetPort).map(
      ({ of }) => `${title(service)} leads to port ${targetPort}, which ${of} has not`,
    ),
  );
}

type Peer = { podSelector?: Selector; namespaceSelector?: Selector };
type Rule = { from?: readonly Peer[]; to?: readonly Peer[]; ports?: readonly { port?: string | number }[] };

function policyProblems(policy: Manifest, pods: readonly Pods[]): string[] {
  type Spec = { podSelector: Selector; ingress?: readonly Rule[]; egress?: readonly Rule[] };
  const { podSelector, ingress = [], egress = [] } = specOf<Spec>(policy);
  const of = chosen(podSelector, pods);
  const peers = [...ingress, ...egress].flatMap(({ from = [], to = [] }) => [...from, ...to]).filter(isNear);
  return [
    ...[podSelector, ...peers.map((peer) => peer.podSelector)]
      .flatMap(ofEachValue)
      .filter((selector) => chosen(selector, pods).length === 0)
      .map((selector) => `${title(policy)} names pods that are not there: ${JSON.stringify(selector)}`),
    ...ingress.flatMap((rule) => portProblems(policy, rule, of)),
    ...egress.flatMap((rule) => {
      const to = (rule.to ?? []).filter(isNear).flatMap(({ podSelector }) => chosen(podSelector, pods));
      return portProblems(policy, rule, to);
    }),
  ];
}

/** Pods of the policy's own namespace; what is in others is not ours to know. */
const isNear = (peer: Peer): peer is Peer & { podSelector: Selector } =>
  peer.podSelector !== undefined && peer.namespaceSelector === undefined;

function portProblems(policy: Manifest, { ports = [] }: Rule, pods: readonly Pods[]): string[] {
  // A rule may open several ports for several kinds of pods: each port has to be of one of them.
  return ports.flatMap(({ port }) =>
    port === undefined || pods.length === 0 || lacks(pods, port).length < pods.length
      ? []
      : [`${title(policy)} opens port ${port}, which none of ${pods.map(({ of }) => of).join(', ')} has`],
  );
}

function scalerProblems(manifests: readonly Manifest[]): string[] {
  return ofKind(manifests, 'HorizontalPodAutoscaler', 'ScaledObject').flatMap((scaler) => {
    const { scaleTargetRef: target } = specOf<{ scaleTargetRef: { kind?: string; name: string } }>(scaler);
    const scaled = ofKind(manifests, target.kind ?? 'Deployment').find(
      ({ metadata }) => metadata.name === target.name,
    );
    if (!scaled) return [`${title(scaler)} scales ${target.name}, which is not there`];
    const { replicas } = specOf<{ replicas?: number }>(scaled);
    // Each time it is applied it would set the number back.
    return replicas === undefined ? [] : [`${title(scaled)} says replicas, which ${title(scaler)} decides`];
  });
}

function monitorProblems(monitor: Manifest, manifests: readonly Manifest[]): string[] {
  type Endpoints = readonly { port?: string }[];
  type Spec = {
    selector: Selector;
    endpoints?: Endpoints;
    podMetricsEndpoints?: Endpoints;
    jobLabel?: string;
  };
  const { selector, jobLabel, endpoints, podMetricsEndpoints } = specOf<Spec>(monitor);
  const found = monitor.kind === 'PodMonitor' ? scrapedPods(manifests) : scrapedServices(manifests);
  const scraped = found.filter(({ labels }) => selects(selector, labels));
  if (scraped.length === 0) return [`${title(monitor)} scrapes nothing`];
  return (endpoints ?? podMetricsEndpoints ?? []).flatMap(({ port = '' }) => {
    const having = scraped.filter(({ ports }) => ports.includes(port));
    if (having.length === 0) return [`${title(monitor)} scrapes port ${port}, which nothing there has`];
    const targets = having.map(({ pods }) => pods);
    return [
      ...(new Set(targets).size < targets.length ? [`${title(monitor)} scrapes the same pods twice`] : []),
      ...having
        .filter(({ labels }) => jobLabel !== undefined && !labels[jobLabel])
        .map(({ name }) => `${name} has no label ${jobLabel} for ${title(monitor)}`),
    ];
  });
}

type Scraped = {
  name: string;
  labels: Labels;
  /** Which pods are behind it. */
  pods: string;
  ports: readonly string[];
};

function scrapedServices(manifests: readonly Manifest[]): Scraped[] {
  return ofKind(manifests, 'Service').map((service) => ({
    name: title(service),
    labels: service.metadata.labels ?? {},
    pods: JSON.stringify(specOf<{ selector?: Labels }>(service).selector),
    ports: specOf<{ ports: readonly { name?: string }[] }>(service).ports.map(({ name }) => name ?? ''),
  }));
}

function scrapedPods(manifests: readonly Manifest[]): Scraped[] {
  return podsOf(manifests).map(({ of, labels, ports }) => ({
    name: of,
    labels,
    pods: of,
    ports: ports.map(({ name }) => name ?? ''),
  }));
}
