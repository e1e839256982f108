import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crdsFolder, findKubernetes, startKubernetes, type RunningKubernetes } from '@payments/servers';
import { eventually } from '@payments/testing';
import { stringify } from 'yaml';
import { build, buildAll, buildText, findKustomizations, namespace } from './built-manifests.fixture.ts';
import { ofKind, title, workloadsOf, type Manifest } from './manifest.ts';

const crds = crdsFolder();
const whereItCanRun = (await findKubernetes()) === null || crds === null ? describe.skip : describe;
const kustomizations = await findKustomizations();

const isRestricted = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  // Of a Deployment whose pods break the rules it would only warn, which is made an error below.
  'pod-security.kubernetes.io/warn': 'restricted',
};

whereItCanRun('a real API server of Kubernetes', () => {
  let kubernetes: RunningKubernetes | undefined;

  beforeAll(async () => {
    kubernetes = (await startKubernetes({ crds: crds ?? '' })) ?? undefined;
    const own = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: isRestricted } };
    await apply([own]);
  });
  afterAll(() => kubernetes?.stop());

  const kubectl: RunningKubernetes['kubectl'] = (...call) => {
    if (!kubernetes) throw new Error('it did not start');
    return kubernetes.kubectl(...call);
  };
  const kubectlApply = (yaml: string, ...flags: string[]) =>
    kubectl(['--warnings-as-errors', 'apply', '--server-side', '--validate=strict', ...flags, '-f', '-'], {
      input: yaml,
    });
  const apply = async (manifests: object[]) => {
    if (manifests.length === 0) return;
    const { exitCode, stderr } = await kubectlApply(
      manifests.map((manifest) => stringify(manifest)).join('---\n'),
    );
    if (exitCode !== 0) throw new Error(stderr);
  };
  /** What the server has against it; nothing: it would be taken. */
  const complaints = async (yaml: string) =>
    (await kubectlApply(yaml, '--dry-run=server', '--namespace', namespace)).stderr;

  it.each(kustomizations)('takes all of $name, and its pods as restricted ones', async (kustomization) => {
    const { yaml, manifests } = await build(kustomization);
    const pods = workloadsOf(manifests).map(({ manifest, labels, pod }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: title(manifest).replace(' ', '-').toLowerCase(), namespace, labels },
      spec: pod,
    }));
    expect(await complaints([yaml, ...pods.map((one) => stringify(one))].join('---\n'))).toBe('');
  });

  it.each(kustomizations.filter(({ isOverlay }) => isOverlay))(
    'is told by $name to let restricted pods alone into its namespace',
    async (overlay) => {
      const spaces = ofKind((await build(overlay)).manifests, 'Namespace');
      expect(spaces.map(({ metadata }) => metadata)).toEqual([
        expect.objectContaining({ name: namespace, labels: expect.objectContaining(isRestricted) as object }),
      ]);
    },
  );

  describe('refuses', () => {
    /** Of all that is built the first of its kind that has `from`, as somebody broke it. */
    const broken = async (kind: string, from: string, to: string) => {
      const all = ofKind(await buildAll(), kind);
      const whole = all.map((manifest) => JSON.stringify(manifest)).find((text) => text.includes(from));
      if (whole === undefined) throw new Error(`there is no ${kind} with ${from}`);
      return complaints(whole.replace(from, to));
    };

    it.each([
      [
        'Deployment',
        '"containers":',
        '"container":',
        'template.spec.container: field not declared in schema',
      ],
      ['Service', '"targetPort":', '"targetPorts":', 'targetPorts: field not declared in schema'],
      ['Kafka', '"listeners":', '"listener":', '.spec.kafka.listener: field not declared in schema'],
      ['KafkaTopic', '"partitions":', '"partition":', '.spec.partition: field not declared in schema'],
      ['Cluster', '"instances":', '"instance":', '.spec.instance: field not declared in schema'],
      ['ScaledObject', '"scaleTargetRef":', '"scaleTarget":', '.spec.scaleTarget: field not declared'],
      ['ServiceMonitor', '"endpoints":', '"endpoint":', '.spec.endpoint: field not declared in schema'],
    ])('a %s with a typo in %s', async (kind, from, to, complaint) => {
      expect(await broken(kind, from, to)).toContain(complaint);
    });

    it('a selector that does not choose its own pods', async () => {
      const wrong = '"matchLabels":{"app.kubernetes.io/name":"nobody"}';
      expect(
        await broken('Deployment', '"matchLabels":{"app.kubernetes.io/name":"payment"}', wrong),
      ).toContain('`selector` does not match template `labels`');
    });

    it('a pod that may become root', async () => {
      expect(
        await broken('Deployment', '"allowPrivilegeEscalation":false', '"allowPrivilegeEscalation":true'),
      ).toContain('would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false');
    });

    it('nothing of a key that is there twice: kustomize does', async () => {
      const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: twice }\ndata: { a: "1", a: "2" }\n';
      const built = buildText({ resources: ['twice.yaml'] }, { 'twice.yaml': twice });
      await expect(built).rejects.toThrow('mapping key "a" already defined');
    });
  });

  describe('lets service accounts do', () => {
    /** What everybody may: ask what they may, and who they are. */
    const ofEverybody = [
      'selfsubjectaccessreviews.authorization.k8s.io',
      'selfsubjectreviews.authentication.k8s.io',
      'selfsubjectrulesreviews.authorization.k8s.io',
    ];
    const allowed = async (account: string) => {
      const as = `system:serviceaccount:${namespace}:${account}`;
      const groups = [
        'system:serviceaccounts',
        `system:serviceaccounts:${namespace}`,
        'system:authenticated',
      ];
      const { stdout } = await kubectl([
        ...['auth', 'can-i', '--list', '--no-headers', '--namespace', namespace, '--as', as],
        ...groups.map((group) => `--as-group=${group}`),
      ]);
      const rows = stdout.split('\n').filter((row) => row !== '' && !row.startsWith(' '));
      return rows.map((row) => row.split(/\s+/)[0] ?? '').filter((name) => !ofEverybody.includes(name));
    };

    it('nothing, since no role says that they may; where one does, that is seen', async () => {
      const all = await buildAll();
      const accounts = [...new Set(ofKind(all, 'ServiceAccount').map(({ metadata }) => metadata.name))];
      const bindings = ofKind(all, 'RoleBinding', 'ClusterRoleBinding');
      // Roles like "view" are empty here: a controller fills them, and this server has none.
      expect(bindings.filter((one) => (one as { roleRef?: Manifest }).roleRef?.kind !== 'Role')).toEqual([]);
      await apply([...ofKind(all, 'Role'), ...bindings]);
      const seen = { kind: 'ServiceAccount', name: 'of-this-spec', namespace };
      await apply([
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'of-this-spec', namespace },
          roleRef: {
            apiGroup: 'rbac.authorization.k8s.io',
            kind: 'ClusterRole',
            name: 'system:aggregate-to-view',
          },
          subjects: [seen],
        },
      ]);
      // The server learns of roles a moment after it took them; of this one, the last.
      await eventually(async () => expect(await allowed(seen.name)).toContain('configmaps'));
      const rights = await Promise.all(
        accounts.map(async (account) => [account, await allowed(account)] as const),
      );
      expect(rights).toEqual(accounts.map((account) => [account, []]));
      expect(accounts).toEqual(expect.arrayContaining(['payment', 'relay', 'notifier']));
    });
  });
});
