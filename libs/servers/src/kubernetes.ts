import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findKubernetes } from './find-kubernetes.ts';
import { bootApiServer, bootEtcd } from './kubernetes-servers.ts';
import { pollUntil } from './poll-until.ts';
import { loopback } from './ports.ts';
import { ServerError } from './server-error.ts';

/** How to start a Kubernetes API server. */
export interface KubernetesOptions {
  /** A folder of CustomResourceDefinitions, which are loaded with those of its folders. Default: none. */
  crds?: string;
  log?: (line: string) => void;
}

/** What a command of Kubernetes' own printed. */
export interface KubernetesOutput {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A real Kubernetes API server, on loopback, with nothing behind it: no scheduler, no controllers, no nodes. */
export interface RunningKubernetes extends AsyncDisposable {
  /** Runs kubectl as the cluster's administrator, and never throws for what it answers. */
  kubectl: (args: readonly string[], options?: { input?: string }) => Promise<KubernetesOutput>;
  pids: readonly number[];
  stop: () => Promise<void>;
}

/**
 * Starts etcd and kube-apiserver, which checks what it is given as that of a cluster does, and waits until it is ready.
 *
 * @returns null where they were not built; `npm run tools` builds them.
 * @throws ServerError `start-failed`, also when a CustomResourceDefinition is refused.
 */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<RunningKubernetes | null> {
  const programs = await findKubernetes();
  if (programs === null) return null;
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-kubernetes-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  await writeKeys(folder);
  const etcd = await bootEtcd({ program: programs.etcd, folder });
  // Nothing is worth keeping: there is no reason to let them finish.
  owned.defer(async () => void (await etcd.end('SIGKILL', 5_000)));
  const api = await bootApiServer({ program: programs['kube-apiserver'], folder, token, etcd: etcd.url });
  owned.defer(async () => void (await api.end('SIGKILL', 5_000)));
  await writeKubeconfig(folder, api.port);
  // Its own settings and cache, or it would use those of the home folder.
  const own = ['--kubeconfig', join(folder, 'kubeconfig'), '--cache-dir', join(folder, 'cache')];
  const kubectl: RunningKubernetes['kubectl'] = (args, { input } = {}) =>
    run(programs.kubectl, [...own, ...args], input);
  if (options.crds) await loadCrds(kubectl, options.crds);
  options.log?.(`Kubernetes' API server listens on https://${loopback}:${api.port}`);
  const running = owned.move();
  const stop = () => running.disposeAsync();
  return { kubectl, pids: [etcd.pid, api.pid], stop, [Symbol.asyncDispose]: stop };
}

/**
 * Builds the kustomization of a folder.
 *
 * @returns what it printed, or null where there is no kustomize (`npm run tools`).
 */
export async function kustomize(folder: string): Promise<KubernetesOutput | null> {
  const programs = await findKubernetes();
  return programs && run(programs.kustomize, ['build', folder]);
}

/** The administrator's, of a server that lives for a spec and listens on loopback. */
const token = 'administrator-of-a-spec';

/** Service accounts' tokens are signed with a key of one's own; the server makes its own certificate. */
async function writeKeys(folder: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(folder, 'service-account.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(folder, 'tokens.csv'), `${token},administrator,administrator,"system:masters"\n`);
}

/** JSON is YAML. */
async function writeKubeconfig(folder: string, port: number): Promise<void> {
  const server = `https://${loopback}:${port}`;
  const authority = join(folder, 'certificates/apiserver.crt');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'spec', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'administrator', user: { token } }],
    contexts: [{ name: 'spec', context: { cluster: 'spec', user: 'administrator' } }],
    'current-context': 'spec',
  };
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
}

async function loadCrds(kubectl: RunningKubernetes['kubectl'], folder: string): Promise<void> {
  const { exitCode, stderr } = await kubectl(['create', '--recursive', '-f', folder]);
  if (exitCode !== 0)
    throw new ServerError('start-failed', `the definitions in ${folder} were not taken: ${stderr}`);
  // It fails at once over one that the server has not begun with, so it is asked again.
  const wait = ['wait', '--for', 'condition=established', '--timeout=60s', 'crd', '--all'];
  await pollUntil({ for: 'the definitions to be served', timeoutMs: 120_000, everyMs: 200 }, async () =>
    (await kubectl(wait)).exitCode === 0 ? true : undefined,
  );
}

async function run(program: string, args: readonly string[], input = ''): Promise<KubernetesOutput> {
  const { stdout, stderr, exitCode, shortMessage } = await execa(program, args, {
    reject: false,
    input,
    maxBuffer: 100_000_000,
  });
  if (exitCode === undefined) throw new ServerError('start-failed', shortMessage ?? `${program} was ended`);
  return { stdout, stderr, exitCode };
}
