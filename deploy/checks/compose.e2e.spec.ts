import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCompose } from '@payments/servers';
import { appIn } from './apps.ts';
import { deployFolder } from './built-manifests.fixture.ts';
import { misconfigured } from './misconfigured.ts';
import { servedPaths } from './whole-system.fixture.ts';

const program = await findCompose();
const whereItCanRun = program === null ? describe.skip : describe;
const root = join(deployFolder, '..');

interface Service {
  image: string;
  command: string[] | null;
  environment?: Record<string, string>;
  build?: { context: string; dockerfile: string; args: { APP: string } };
  ports?: { host_ip?: string; target: number }[];
  volumes?: { type: string; source: string }[];
}

whereItCanRun('docker-compose.yml', () => {
  /** What Docker Compose makes of a text: its services, or its complaint. It asks no Docker. */
  const config = async (text: string) => {
    const args = ['--project-directory', root, '--file', '-', 'config', '--format', 'json'];
    // Variables of whoever runs this spec are no part of it.
    const own = { env: { PATH: '', HOME: root }, extendEnv: false, reject: false } as const;
    const { stdout, stderr, exitCode } = await execa(program ?? '', args, { ...own, input: text });
    if (exitCode !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { services: Record<string, Service> }).services;
  };
  const file = readFile(join(root, 'docker-compose.yml'), 'utf8');

  /** What is wrong with it that Docker Compose does not see: one sentence each. */
  const problemsOf = async (text: string) => {
    const services = await config(text);
    const paths = await servedPaths();
    const reachable = Object.keys(services).map((name) => ({ name }));
    return Object.entries(services).flatMap(([name, { image, command, environment = {}, ...service }]) => {
      // What others' programs find at the paths of their arguments is checked below, by the volumes.
      const container = { name, image, args: service.build ? (command ?? []) : [] };
      const told = { env: environment, parts: new Set<string>(), secret: new Set<string>(), unresolved: [] };
      const { APP: app } = service.build?.args ?? {};
      return [
        ...misconfigured({ container, told, root, files: [], services: reachable, paths }),
        ...(app === undefined || image.startsWith(`payments/${app}:`)
          ? []
          : [`${name}: ${image} is built of ${app}`]),
        ...(service.ports ?? [])
          .filter(({ host_ip }) => host_ip !== '127.0.0.1')
          .map(({ target }) => `${name}: port ${target} is open to others`),
        ...(service.volumes ?? [])
          .filter(({ type, source }) => type === 'bind' && !existsSync(source))
          .map(({ source }) => `${name}: ${source} is not there`),
      ];
    });
  };

  it('is taken by Docker Compose, and is what the apps read', async () => {
    const services = Object.values(await config(await file));
    const apps = services.map(({ image, command }) => appIn({ name: '', image, args: command ?? [] })?.name);
    expect(apps).toEqual(expect.arrayContaining(['payment', 'relay', 'notifier', 'slack-stand-in']));
    expect(await problemsOf(await file)).toEqual([]);
  });

  it.each([
    ['a field', 'healthcheck:', 'healthchek:', /additional properties 'healthchek' not allowed/],
    [
      'a service that is waited for',
      'slack-stand-in: { condition',
      'slack: { condition',
      /depends on undefined service/,
    ],
  ])('is refused with a typo in %s', async (_, from, to, complaint) => {
    await expect(config((await file).replace(from, to))).rejects.toThrow(complaint);
  });

  it.each([
    [
      'a renamed variable',
      'GRPC_REFLECTION:',
      'GRPC_REFLECT:',
      'GRPC_REFLECT is not a variable that payment reads',
    ],
    ['a bad value', 'HTTP_LISTEN: 0.0.0.0:9102', 'HTTP_LISTEN: 9102', 'HTTP_LISTEN must be host:port'],
    [
      'a host',
      'KAFKA_BROKERS: kafka:9092',
      'KAFKA_BROKERS: kafk:9092',
      'KAFKA_BROKERS names kafk, which is no service',
    ],
    ['a port that is open to others', "'127.0.0.1:9090:9090'", "'9090:9090'", 'port 9090 is open to others'],
    ['a file', './deploy/database/grants.sql', './deploy/grants.sql', 'deploy/grants.sql is not there'],
    ['an app', 'args: { APP: relay }', 'args: { APP: payment }', 'payments/relay:local is built of payment'],
  ])('is said to be wrong with %s that does not fit', async (_, from, to, problem) => {
    const text = await file;
    expect(text).toContain(from);
    const problems = await problemsOf(text.replace(from, to));
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});
