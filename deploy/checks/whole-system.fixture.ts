import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHealth } from '@payments/runtime';
import { deployFolder } from './built-manifests.fixture.ts';
import { configMapData, environmentOf, type Sources } from './container-environment.ts';
import { secretValue, writeFiles } from './container-files.fixture.ts';
import { danglingSelectors } from './dangling-selectors.ts';
import { configMapsOf, danglingReferences, documentedSecrets, secretsOf } from './existing-files.ts';
import { title, workloadsOf, type Manifest } from './manifest.ts';
import { misconfigured } from './misconfigured.ts';
import { servicesOf } from './pods.ts';

/** The Secrets that deploy/README.md has its reader make. */
const documented = documentedSecrets(readFileSync(join(deployFolder, 'README.md'), 'utf8'));

/** The paths that every process serves over HTTP, asked of one. */
export async function servedPaths(): Promise<string[]> {
  await using health = await openHealth({ listen: { host: '127.0.0.1', port: 0 } });
  const paths = ['/livez', '/readyz', '/metrics', '/healthz', '/'];
  const statuses = await Promise.all(
    paths.map(async (path) => (await fetch(`http://${health.address}${path}`)).status),
  );
  return paths.filter((_, i) => statuses[i] !== 404);
}

/** All that is wrong with a whole system and that an API server does not see: one sentence each. */
export function problemsOf(manifests: readonly Manifest[], paths: readonly string[]): string[] {
  const secrets = secretsOf(manifests, documented);
  const configMaps = configMapData(manifests);
  const sources: Sources = { configMaps, secrets, secretValue: secretValue(manifests) };
  return [
    ...danglingSelectors(manifests),
    ...danglingReferences(manifests, { configMaps: configMapsOf(manifests), secrets }),
    ...containerProblems(manifests, sources, paths),
  ];
}

function containerProblems(
  manifests: readonly Manifest[],
  sources: Sources,
  paths: readonly string[],
): string[] {
  const services = servicesOf(manifests);
  return workloadsOf(manifests).flatMap(({ manifest, pod, containers }) =>
    containers.flatMap((container) => {
      const root = mkdtempSync(join(tmpdir(), 'payments-container-'));
      try {
        const files = writeFiles({ root, container, pod, sources });
        const told = environmentOf(container, sources);
        return misconfigured({ container, told, root, files, services, paths }).map(
          (problem) => `${title(manifest)}: ${problem}`,
        );
      } finally {
        rmSync(root, { recursive: true });
      }
    }),
  );
}
