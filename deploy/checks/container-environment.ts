import type { Keys } from './existing-files.ts';
import { ofKind, type Container, type Manifest } from './manifest.ts';

/** What Kubernetes tells the process of a container. */
export interface Told {
  env: Readonly<Record<string, string>>;
  /** Variables that another one is made of, by `$(NAME)`. */
  parts: ReadonlySet<string>;
  /** Variables that hold a secret's value, alone or as a part. */
  secret: ReadonlySet<string>;
  /** What would be left as `$(NAME)`, since NAME is not set before it. */
  unresolved: readonly string[];
}

/** Where values come from that a container's variables refer to. */
export interface Sources {
  configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  secrets: Keys;
  /** What a key of a Secret holds. */
  secretValue: (name: string, key: string) => string;
}

/** The data of the ConfigMaps that there will be. */
export function configMapData(manifests: readonly Manifest[]): Sources['configMaps'] {
  return new Map(ofKind(manifests, 'ConfigMap').map(({ metadata, data = {} }) => [metadata.name, data]));
}

/** Puts a container's environment together as kubelet does: `envFrom` first, later ones over earlier ones, `$(NAME)` put in. */
export function environmentOf({ envFrom = [], env = [] }: Container, sources: Sources): Told {
  const told: Record<string, string> = {};
  const parts = new Set<string>();
  const ofSecrets = new Set<string>();
  const unresolved: string[] = [];
  for (const { configMapRef, secretRef } of envFrom) {
    Object.assign(told, sources.configMaps.get(configMapRef?.name ?? ''));
    const secret = secretRef?.name ?? '';
    for (const key of sources.secrets.get(secret) ?? []) told[key] = sources.secretValue(secret, key);
  }
  for (const { name, value, valueFrom } of env) {
    const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom ?? {};
    if (map) told[name] = sources.configMaps.get(map.name)?.[map.key] ?? '';
    if (secret) ofSecrets.add(name);
    if (secret && sources.secrets.get(secret.name)?.has(secret.key))
      told[name] = sources.secretValue(secret.name, secret.key);
    if (value === undefined) continue;
    told[name] = value.replaceAll(/\$\(([\w.-]+)\)/g, (whole, part: string) => {
      const text = told[part];
      if (text === undefined) unresolved.push(`${name} is made of ${part}, which is not set before it`);
      parts.add(part);
      if (ofSecrets.has(part)) ofSecrets.add(name);
      return text ?? whole;
    });
  }
  return { env: told, parts, secret: ofSecrets, unresolved };
}
