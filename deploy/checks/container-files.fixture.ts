import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeAuthority, makePair } from '@payments/testing';
import type { Sources } from './container-environment.ts';
import { ofKind, type Container, type Manifest, type PodSpec, type VolumeSource } from './manifest.ts';

const authority = await makeAuthority('of a spec');
const { cert, key } = await makePair(authority, 'localhost');

/** What a Secret holds at a key: where it is made elsewhere, what the key's name says. */
export function secretValue(manifests: readonly Manifest[]): Sources['secretValue'] {
  const made = ofKind(manifests, 'Secret');
  return (secret, name) => {
    const known = made.find(({ metadata }) => metadata.name === secret)?.data?.[name];
    return known === undefined ? plausible(name) : Buffer.from(known, 'base64').toString();
  };
}

function plausible(name: string): string {
  if (/ca\.crt$/.test(name)) return authority.cert;
  if (name.endsWith('.crt')) return cert;
  if (name.endsWith('.key')) return key;
  return name.endsWith('url') ? 'https://hooks.slack.com/services/T00/B00/secret' : 'secret';
}

/** The files that a container has by its mounts, written below `root`: their paths in the container. */
export function writeFiles(options: {
  root: string;
  container: Container;
  pod: PodSpec;
  sources: Sources;
}): string[] {
  const { root, container, pod, sources } = options;
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }) => {
    const volume = pod.volumes?.find((one) => one.name === name);
    const files = (volume?.projected?.sources ?? [volume ?? {}]).flatMap((source) =>
      filesOf(source, sources),
    );
    return files
      .filter(([path]) => subPath === undefined || path === subPath)
      .map(([path, content]) => {
        const file = subPath === undefined ? join(mountPath, path) : mountPath;
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), content);
        return file;
      });
  });
}

function filesOf({ configMap, secret }: VolumeSource, sources: Sources): [path: string, content: string][] {
  if (configMap) {
    const data = sources.configMaps.get(configMap.name) ?? {};
    const items = configMap.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    return items.map(({ key, path }) => [path, data[key] ?? '']);
  }
  const name = secret?.secretName ?? secret?.name ?? '';
  const keys = [...(sources.secrets.get(name) ?? [])];
  const items = secret?.items ?? keys.map((key) => ({ key, path: key }));
  return items
    .filter(({ key }) => keys.includes(key))
    .map(({ key, path }) => [path, sources.secretValue(name, key)]);
}
