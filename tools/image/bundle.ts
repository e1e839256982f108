import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import type { Plugin } from 'rolldown';

/** Where the bundle lies in an image. */
const folder = 'bundle';

/**
 * Packages that are loaded from their own folders: telemetry knows pg and pino by their names and files, and import-in-the-middle
 * registers files of its own; pino starts a thread from one; those of gRPC read `.proto` files beside them; the exporter over gRPC
 * asks for grpc-js in a way that no bundler sees.
 */
export const leftWhole = [
  ...['import-in-the-middle', 'pg', 'pg-pool', 'pino', 'pino-pretty'],
  ...['@grpc/proto-loader', '@grpc/reflection', 'grpc-health-check'],
  ...['@opentelemetry/exporter-trace-otlp-grpc', '@opentelemetry/otlp-grpc-exporter-base'],
];

/**
 * Puts the app, the preload of telemetry, and the packages that they use into few files, `bundle/main.js` and
 * `bundle/telemetry.js`. Finding and compiling some 1,400 files, and taking the types out of ours, was most of a start, and much of it
 * stayed in memory: beside the same files of JavaScript a relay starts with 0.35 of the processor time and takes 37 MB less, the payment
 * service with 0.4 and takes 47 MB less. What is imported by `import()` stays in a file of its own, loaded only then. Names stay as they are (MikroORM goes by those of classes, and we by those of
 * errors), so stack traces can be read; with `--enable-source-maps` they name our own files.
 * @param options.packages the names of those that the image holds; any other import is left as it is, for an optional package that
 * happens to be installed here must not come along
 * @returns how many files
 * @throws Error that says what cannot be resolved
 */
export async function bundle(options: {
  root: string;
  app: string;
  to: string;
  packages: ReadonlySet<string>;
}): Promise<number> {
  const { root, app, to, packages } = options;
  const main = join(root, `apps/${app}/src/main.ts`);
  const telemetry = join(root, 'libs/runtime/src/telemetry/preload.ts');
  await using building = await rolldown({
    cwd: root,
    // The benchmarks have no telemetry: their folder is made for its bill of materials, not to be run by the Dockerfile.
    input: packages.has('@payments/runtime') ? { main, telemetry } : { main },
    platform: 'node',
    // Types are taken out as Node does it; and in Docker the root's tsconfig, which the others extend, is not there.
    tsconfig: false,
    // As Node itself resolves, and not as bundlers do.
    resolve: { conditionNames: ['node', 'import', 'default'] },
    external: (id) => {
      const name = packageOf(id);
      return name !== undefined && (leftWhole.includes(name) || !packages.has(name));
    },
    plugins: [fromItsPlace(root)],
    onLog: refuse,
  });
  const { output } = await building.write({
    dir: join(to, folder),
    format: 'esm',
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  return output.length;
}

/** The package that is imported; undefined for a file, and for what Node has itself. */
function packageOf(id: string): string | undefined {
  if (isBuiltin(id)) return undefined;
  return /^(?:@[\w.-]+\/)?\w[\w.-]*(?=\/|$)/.exec(id)?.[0];
}

/** A file of ours that looks for others beside it, such as its SQL, finds them where the image has them. */
const fromItsPlace = (root: string): Plugin => ({
  name: 'from its place',
  transform: {
    filter: { id: /[\\/](apps|libs)[\\/][^\\/]+[\\/]src[\\/]/, code: 'import.meta.url' },
    handler: (code, id) => {
      const place = relative(join(root, folder), id).replaceAll('\\', '/');
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return { code: code.replaceAll('import.meta.url', url), map: null };
    },
  },
});

/** What a bundler only warns of is something that would be missing when it is needed. */
function refuse(level: string, { message }: { message: string }): void {
  if (level === 'warn') throw new Error(message);
}
