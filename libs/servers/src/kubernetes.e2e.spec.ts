import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findKubernetes } from './find-kubernetes.ts';
import { isAlive } from './is-alive.ts';
import { startKubernetes } from './kubernetes.ts';
import { specFolder } from './spec-folder.fixture.ts';

const whereItWasBuilt = (await findKubernetes()) === null ? it.skip : it;

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rooms.hotel.example' },
  spec: {
    group: 'hotel.example',
    scope: 'Namespaced',
    names: { plural: 'rooms', singular: 'room', kind: 'Room' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { beds: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};
const room = (spec: object) =>
  JSON.stringify({ apiVersion: 'hotel.example/v1', kind: 'Room', metadata: { name: 'double' }, spec });

describe('startKubernetes', () => {
  whereItWasBuilt('takes an object of a loaded definition, refuses a typo in it, and ends', async () => {
    await using folder = await specFolder();
    await mkdir(join(folder.path, 'below'));
    await writeFile(join(folder.path, 'below/room.json'), JSON.stringify(crd));
    const kubernetes = await startKubernetes({ crds: folder.path });
    if (!kubernetes) throw new Error('it was built a moment ago');
    await using _ = kubernetes;
    const strictly = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
    expect(await kubernetes.kubectl(strictly, { input: room({ beds: 2 }) })).toMatchObject({ exitCode: 0 });
    expect(await kubernetes.kubectl(strictly, { input: room({ bed: 2 }) })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('.spec.bed: field not declared in schema') as unknown,
    });
    await kubernetes.stop();
    expect(kubernetes.pids.filter(isAlive)).toEqual([]);
  });

  it('is null where it was not built', async () => {
    await using folder = await specFolder();
    const script = `
      const { startKubernetes } = await import(${JSON.stringify(join(import.meta.dirname, 'kubernetes.ts'))});
      console.log(await startKubernetes());`;
    const env = { PATH: folder.path, XDG_CACHE_HOME: folder.path };
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], {
      env,
      extendEnv: false,
    });
    expect(stdout).toBe('null');
  });
});
