import { findGoPrograms, type GoModule, type GoPrograms } from './go-module.ts';

/** The release whose API server is built; it is the one of `tools/kubernetes/go.mod`. */
const [major, minor, patch] = [1, 34, 4];
// Without these the API server says of itself that it is v0.0.0.
const version = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: `${major}`, gitMinor: `${minor}` };

/**
 * A real Kubernetes API server with what it needs, as they are built from `tools/kubernetes`. Programs of these names on PATH
 * are not taken: manifests are checked against one version, and a `kubectl` there may be something else altogether.
 */
export const kubernetesModule = {
  title: 'Kubernetes',
  folder: 'kubernetes',
  programs: {
    kustomize: 'sigs.k8s.io/kustomize/kustomize/v5',
    kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    etcd: 'go.etcd.io/etcd/server/v3',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  },
  linkerFlags: Object.entries(version).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  ),
  takes: '6 minutes',
} satisfies GoModule;

/** The programs that `npm run tools` built; null where it did not. */
export function findKubernetes(): Promise<GoPrograms<keyof typeof kubernetesModule.programs> | null> {
  return findGoPrograms(kubernetesModule);
}
