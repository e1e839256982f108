import { join } from 'node:path';
import { isLoopbackHost, type HostPort } from '@payments/runtime';
import { PaymentService } from '@payments/contracts';
import { appIn, standardVariables, type App } from './apps.ts';
import type { Told } from './container-environment.ts';
import type { Container, Probe } from './manifest.ts';
import type { Reachable } from './pods.ts';

/** What is asked about a container of ours. */
export interface Question {
  container: Container;
  told: Told;
  /** Where the files of its mounts were written, and their paths in the container. */
  root: string;
  files: readonly string[];
  /** What it can reach by name. */
  services: readonly Reachable[];
  /** The paths that are served over HTTP. */
  paths: readonly string[];
}

/**
 * What an app would not read, not take, not find, or not answer, by what it is told: one sentence each. Of programs that are
 * not ours only their arguments are known, and what Kubernetes does with their variables.
 */
export function misconfigured(question: Question): string[] {
  const { told, container } = question;
  const app = appIn(container);
  const problems = [...told.unresolved, ...missingArguments(question), ...shownSecrets(question)];
  if (app) problems.push(...problemsOfApp(question, app));
  else if (/(^|\/)payments\//.test(container.image)) problems.push(`${container.image} is none of our apps`);
  return problems.map((problem) => `${container.name}: ${problem}`);
}

function problemsOfApp(question: Question, app: App): string[] {
  const { told, container } = question;
  const known = [...app.variables, ...standardVariables, ...told.parts];
  const problems = [
    ...(container.args ?? [])
      .filter((argument) => argument !== '--migrate-only')
      .map((argument) => `${argument} is no argument of an app`),
    ...Object.keys(told.env)
      .filter((name) => !known.includes(name))
      .map((name) => `${name} is not a variable that ${app.name} reads`),
    ...missingFiles(question),
    ...unreachable(question),
  ];
  try {
    const { http, grpc, other } = app.addresses(inRoot(question));
    const all = [...(http ? [http] : []), ...grpc, ...other];
    problems.push(
      ...portProblems(container, all),
      ...probeProblems(question, { ...(http && { http }), grpc }),
    );
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}

/** Its variables, with the files' places on this machine. */
function inRoot({ told, root, files }: Question): Record<string, string> {
  const placed = (value: string) =>
    value.replaceAll(pathInside, (path) => (files.includes(path) ? join(root, path) : path));
  return Object.fromEntries(Object.entries(told.env).map(([name, value]) => [name, placed(value)]));
}

/** An absolute path, as a whole value or as the value of a URL's parameter. */
const pathInside = /(?<=^|=)\/[\w][^\s&]*/g;

function missingFiles({ told, files }: Question): string[] {
  return Object.entries(told.env).flatMap(([name, value]) =>
    [...value.matchAll(pathInside)]
      .map(([path]) => path)
      .filter((path) => !files.includes(path))
      .map((path) => `${name} names ${path}, where nothing is mounted`),
  );
}

function missingArguments({ container: { args = [] }, files }: Question): string[] {
  return args
    .flatMap((argument) => [...argument.matchAll(pathInside)].map(([path]) => path))
    .filter((path) => !files.includes(path))
    .map((path) => `it is told of ${path}, where nothing is mounted`);
}

/** Arguments are in the list of processes, and in what a runtime logs of a container; variables are not. */
function shownSecrets({ container: { args = [] }, told }: Question): string[] {
  const shown = [...told.secret].filter((name) => args.some((argument) => argument.includes(`$(${name})`)));
  return shown.map((name) => `${name}, which holds a secret, is in its arguments`);
}

/** Hosts without a dot are of the same namespace; others are not ours to know. */
function unreachable({ told, services }: Question): string[] {
  return Object.entries(told.env).flatMap(([name, value]) =>
    [...value.matchAll(/(?:^|\/\/|@|,)([a-z][a-z0-9-]*):(\d+)(?=[/,?]|$)/g)].flatMap(
      ([, host = '', port]) => {
        if (host === 'localhost') return [];
        const service = services.find((one) => one.name === host);
        if (!service) return [`${name} names ${host}, which is no service`];
        return service.ports?.includes(Number(port)) !== false
          ? []
          : [`${name} names port ${port}, which ${host} has not`];
      },
    ),
  );
}

function portProblems({ ports = [] }: Container, addresses: readonly HostPort[]): string[] {
  return ports
    .filter(({ containerPort }) => !addresses.some(({ port }) => port === containerPort))
    .map(({ containerPort }) => `nothing listens on port ${containerPort}`);
}

function probeProblems(
  { container, paths }: Question,
  { http, grpc }: { http?: HostPort; grpc: readonly HostPort[] },
): string[] {
  const { startupProbe, livenessProbe, readinessProbe, ports = [] } = container;
  const reached = (address: HostPort | undefined, port: number | undefined) =>
    address !== undefined && address.port === port && !isLoopbackHost(address.host);
  const problemOf = ({ httpGet, grpc: call }: Probe) => {
    if (call) {
      const { service = '', port } = call;
      if (!['', PaymentService.typeName].includes(service)) return `asks for ${service}, which is not served`;
      return grpc.some((one) => reached(one, port)) ? '' : `is not answered on ${port}`;
    }
    if (!httpGet) return 'asks neither by HTTP nor by gRPC';
    const number = ports.find(({ name }) => name === httpGet.port)?.containerPort ?? Number(httpGet.port);
    if (!reached(http, number)) return `is not answered on ${httpGet.port}`;
    return paths.includes(httpGet.path) ? '' : `asks for ${httpGet.path}, which is not served`;
  };
  return Object.entries({ startupProbe, livenessProbe, readinessProbe }).flatMap(([name, probe]) => {
    const problem = probe && problemOf(probe);
    return problem ? [`${name} ${problem}`] : [];
  });
}
