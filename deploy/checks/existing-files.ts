import { ofKind, type KeyReference, type Manifest, type VolumeSource } from './manifest.ts';

/** The keys of each ConfigMap, or of each Secret, by its name. */
export type Keys = ReadonlyMap<string, ReadonlySet<string>>;

/** The ConfigMaps that there will be. */
export function configMapsOf(manifests: readonly Manifest[]): Keys {
  return new Map(
    ofKind(manifests, 'ConfigMap').map(({ metadata, data = {} }) => [
      metadata.name,
      new Set(Object.keys(data)),
    ]),
  );
}

/** The Secrets that there will be: those of a page's commands, those that are made here, and those that operators make. */
export function secretsOf(manifests: readonly Manifest[], documented: Keys): Keys {
  const ours = ofKind(manifests, 'Secret').map(({ metadata, data = {}, stringData = {} }): Entry => {
    return [metadata.name, Object.keys({ ...data, ...stringData })];
  });
  // https://strimzi.io/docs/operators/latest/deploying and https://cloudnative-pg.io/documentation/current/certificates
  const made = manifests.flatMap(({ kind, metadata: { name } }): Entry[] => {
    if (kind === 'Kafka') return [[`${name}-cluster-ca-cert`, ['ca.crt', 'ca.p12', 'ca.password']]];
    if (kind === 'KafkaUser')
      return [[name, ['ca.crt', 'user.crt', 'user.key', 'user.p12', 'user.password']]];
    return kind === 'Cluster' ? [[`${name}-ca`, ['ca.crt', 'ca.key']]] : [];
  });
  return new Map([
    ...documented,
    ...[...ours, ...made].map(([name, keys]) => [name, new Set(keys)] as const),
  ]);
}

type Entry = [name: string, keys: readonly string[]];

/**
 * The Secrets that a page tells its reader to make: `kubectl create secret generic NAME --from-literal=KEY=…`, also in a
 * loop `for x in A B; do … done`.
 */
export function documentedSecrets(page: string): Keys {
  const whole = page.replaceAll(/\\\n\s*/g, ' ');
  const looped = whole.replaceAll(
    /\bfor (\w+) in ([^;\n]+)(?:;|\n)\s*do\b([\s\S]*?)\bdone\b/g,
    (_, variable: string, values: string, body: string) =>
      values
        .trim()
        .split(/\s+/)
        .map((value) => body.replaceAll(new RegExp(`\\$\\{?${variable}\\b\\}?`, 'g'), value))
        .join('\n'),
  );
  const commands = looped.matchAll(/\bcreate secret (generic|tls) (\S+)([^\n]*)/g);
  return new Map(
    [...commands].map(([, kind, name = '', flags = '']) => {
      const given = [...flags.matchAll(/--from-(?:literal|file)=["']?([\w.-]+)=/g)].map(
        ([, key = '']) => key,
      );
      return [name, new Set(kind === 'tls' ? ['tls.crt', 'tls.key'] : given)];
    }),
  );
}

/** What is referred to by anything, but is not there: one sentence each. */
export function danglingReferences(
  manifests: readonly Manifest[],
  { configMaps, secrets }: { configMaps: Keys; secrets: Keys },
): string[] {
  const check = (kind: string, keys: Keys, { name, key, optional }: Partial<KeyReference>) => {
    if (name === undefined) return [];
    const has = keys.get(name);
    if (!has) return optional ? [] : [`${kind} ${name} is not there`];
    return key === undefined || has.has(key) ? [] : [`${kind} ${name} has no ${key}`];
  };
  const problems = manifests.flatMap((manifest) =>
    referencesIn(manifest.spec).flatMap(({ kind, ...reference }) =>
      check(kind, kind === 'Secret' ? secrets : configMaps, reference).map(
        (problem) => `${manifest.kind} ${manifest.metadata.name}: ${problem}`,
      ),
    ),
  );
  return [...new Set(problems)];
}

type Reference = Partial<KeyReference> & { kind: 'ConfigMap' | 'Secret' };

/** Whatever is written as a reference to a ConfigMap or a Secret is one, in whatever kind. */
function referencesIn(value: unknown, field = ''): Reference[] {
  if (Array.isArray(value)) return value.flatMap((one) => referencesIn(one, field));
  if (typeof value !== 'object' || value === null) return [];
  const here = value as VolumeSource['secret'] & { name?: string; key?: string; optional?: boolean };
  const kind = kindOf(field, here);
  if (kind === undefined) return Object.entries(value).flatMap(([name, one]) => referencesIn(one, name));
  const { secretName, name = secretName, key, items, optional } = here;
  const of = { kind, ...(name !== undefined && { name }), ...(optional && { optional }) };
  return [key, ...(items ?? []).map((item) => item.key)].map((wanted) => ({
    ...of,
    ...(wanted !== undefined && { key: wanted }),
  }));
}

function kindOf(
  field: string,
  { name, key, secretName }: Record<string, unknown>,
): Reference['kind'] | undefined {
  if (name === undefined && secretName === undefined) return undefined;
  if (/configMap/i.test(field)) return 'ConfigMap';
  if (/secret/i.test(field) && field !== 'secrets') return 'Secret';
  // Operators have fields of their own for a key of a Secret: `accessKeyId: { name, key }`.
  return typeof name === 'string' && typeof key === 'string' ? 'Secret' : undefined;
}
