/** `npm run tools`: fetches and builds, once, the real tools that no npm package brings. `--help` says which. */
import { Command } from 'commander';

import {
  buildGoModule,
  composeModule,
  jaegerModule,
  kubernetesModule,
  prepareKafka,
  ServerError,
  type GoModule,
} from '@payments/servers';

new Command('npm run tools --')
  .description(
    'Fetches and builds into a cache outside the repository ($XDG_CACHE_HOME/payments-tools, or ~/.cache/payments-tools), ' +
      'once, and again when their versions here change: Kafka, with Maven, a 54 MB download; ' +
      'with Go 1.26, on two cores: Docker Compose, about 2 minutes and 70 MB, and an API server of Kubernetes, about 6 minutes and ' +
      '200 MB, which both only check what is in deploy; and Jaeger, about 4 minutes and 90 MB. ' +
      'What is not there is left out by `npm start` and by `npm test`, and they say so.',
  )
  .showHelpAfterError('(--help explains)')
  .parse();

const say = (line: string) => console.log(line);

// The quick ones first.
const goModules: readonly GoModule[] = [composeModule, jaegerModule, kubernetesModule];

/** Each tool and how it is got; one that fails does not keep the others from being made. */
const tools: Record<string, () => Promise<string>> = {
  Kafka: async () => `ready: ${await prepareKafka({ log: say })}`,
  ...Object.fromEntries(goModules.map((module) => [module.title, () => build(module)])),
};

async function build(module: GoModule): Promise<string> {
  const { programs, built } = await buildGoModule(module, { log: say });
  return `${built ? 'built' : 'ready'}: ${Object.values(programs).join(', ')}`;
}

for (const [name, get] of Object.entries(tools)) {
  try {
    say(`${name}: ${await get()}`);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
