/** `npm run tools`: fetches and builds, once, the real tools that no npm package brings. `--help` says which. */
import { Command } from 'commander';

import { buildJaeger, prepareKafka, ServerError } from '@payments/servers';

new Command('npm run tools --')
  .description(
    'Fetches Kafka (with Maven, a 54 MB download) and builds Jaeger (with Go 1.26, about 4 minutes) into a cache outside the repository ' +
      '($XDG_CACHE_HOME/payments-tools, or ~/.cache/payments-tools). Both are done once, and again when their versions here change.',
  )
  .showHelpAfterError('(--help explains)')
  .parse();

const say = (line: string) => console.log(line);

/** Each tool and how it is got; one that fails does not keep the others from being made. */
const tools: Record<string, () => Promise<string>> = {
  Kafka: async () => `ready: ${await prepareKafka({ log: say })}`,
  Jaeger: async () => {
    const { program, built } = await buildJaeger({ log: say });
    return `${built ? 'built' : 'ready'}: ${program}`;
  },
};

for (const [name, get] of Object.entries(tools)) {
  try {
    say(`${name}: ${await get()}`);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
