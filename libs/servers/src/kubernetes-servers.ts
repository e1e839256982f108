import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { pollUntil } from './poll-until.ts';
import { freePort, loopback } from './ports.ts';
import { ServerError } from './server-error.ts';
import { launch, logTail, type ServerProcess } from './server-process.ts';

/** Starts etcd, the store of the API server, with its data in `folder`. */
export async function bootEtcd(options: {
  program: string;
  folder: string;
}): Promise<ServerProcess & { url: string }> {
  const url = `http://${loopback}:${await freePort()}`;
  const peer = `http://${loopback}:${await freePort()}`;
  const args = {
    'data-dir': join(options.folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    // Nothing in it outlives the process.
    'unsafe-no-fsync': 'true',
  };
  const running = await boot({
    ...options,
    name: 'etcd',
    args,
    ready: async () => (await fetch(`${url}/health`)).ok,
  });
  return { ...running, url };
}

/** Starts kube-apiserver over that etcd, with a certificate for loopback that it makes itself. */
export async function bootApiServer(options: {
  program: string;
  folder: string;
  /** The administrator's, with which it is asked whether it is ready. */
  token: string;
  etcd: string;
}): Promise<ServerProcess & { port: number }> {
  const { folder, token, etcd } = options;
  const port = await freePort();
  const certificates = join(folder, 'certificates');
  const key = join(folder, 'service-account.key');
  const args = {
    'etcd-servers': etcd,
    'bind-address': loopback,
    'advertise-address': loopback,
    'secure-port': `${port}`,
    'endpoint-reconciler-type': 'none',
    'cert-dir': certificates,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': key,
    'service-account-signing-key-file': key,
    'service-cluster-ip-range': '10.96.0.0/16',
    'token-auth-file': join(folder, 'tokens.csv'),
    'anonymous-auth': 'false',
    'authorization-mode': 'RBAC',
    'allow-privileged': 'true',
    // It would wait for the default account of each namespace, which a controller makes.
    'disable-admission-plugins': 'ServiceAccount',
    profiling: 'false',
  };
  const ready = async () => {
    const ca = await readFile(join(certificates, 'apiserver.crt'));
    return (await statusOf({ url: `https://${loopback}:${port}/readyz`, ca, token })) === 200;
  };
  const running = await boot({ ...options, name: 'kube-apiserver', args, ready });
  return { ...running, port };
}

async function boot(options: {
  name: string;
  program: string;
  folder: string;
  args: Readonly<Record<string, string>>;
  ready: () => Promise<boolean>;
}): Promise<ServerProcess> {
  const { name, ready } = options;
  const logFile = join(options.folder, `${name}.log`);
  const running = await launch({
    name,
    command: options.program,
    args: Object.entries(options.args).map(([flag, value]) => `--${flag}=${value}`),
    logFile,
    endSignal: 'SIGKILL',
    remedy: 'run `npm run tools`',
  });
  try {
    await pollUntil(
      { for: `${name} to be ready`, timeoutMs: 120_000, everyMs: 100, giveUpIf: running.requireRunning },
      async () => ((await ready()) ? true : undefined),
    );
  } catch (cause) {
    await running.end('SIGKILL', 5_000);
    throw new ServerError('start-failed', `${name} did not start:\n${await logTail(logFile)}`, { cause });
  }
  return running;
}

function statusOf({
  url,
  ca,
  token,
}: {
  url: string;
  ca: Buffer;
  token: string;
}): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const request = get(url, { ca, headers: { authorization: `Bearer ${token}` }, agent: false }, (reply) => {
    reply.resume();
    resolve(reply.statusCode);
  });
  request.on('error', reject);
  return promise;
}
