import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { chromium } from 'playwright-core';
import { openPaymentClient } from '@payments/contracts';
import { chromiumRemedy, findChromium, type SlackStandIn } from '@payments/servers';
import { languages, orders, type Language } from './screens/orders.ts';
import { startSystem } from './screens/start-system.ts';
import { takePicture } from './screens/take-picture.ts';
import { tellSlack } from './screens/tell-slack.ts';

const program = new Command()
  .name('npm run screens --')
  .description(
    'Takes the pictures of what Slack shows: starts PostgreSQL, Kafka and the three services, pays, and looks at ' +
      "the Slack stand-in's page in Chromium. Writes messages-*.png (one of each outcome) and digest-*.png.\n" +
      'On Debian: apt-get install chromium fonts-lato fonts-noto-cjk fonts-noto-color-emoji pngquant',
  )
  .option('--out <folder>', 'where the pictures go', 'docs/screens')
  .addOption(new Option('--lang <languages...>', 'in which languages').choices(languages).default(languages))
  .showHelpAfterError('(--help explains)')
  .parse();
const { out, lang } = program.opts<{ out: string; lang: Language[] }>();

const executablePath = await findChromium();
if (executablePath === null) {
  console.error(chromiumRemedy);
  process.exit(1);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
console.log('starting PostgreSQL, Kafka and the services');
await mkdir(out, { recursive: true });
await using system = await startSystem(stop.signal);
const { listening } = await system.start('payment');
await system.start('relay');
using client = openPaymentClient({ address: listening.grpc ?? '' });
await using browser = await chromium.launch({ executablePath });

for (const language of lang) {
  const look = async (name: 'messages' | 'digest', { page }: SlackStandIn) => {
    const file = join(out, `${name}-${language}.png`);
    const part = name === 'messages' ? 'channel' : 'last message';
    const bytes = await takePicture(browser, { page, language, part, file });
    console.log(`${file}  ${Math.ceil(bytes / 1000)} kB`);
  };
  await tellSlack({ system, client, language, orders: orders[language], look });
}
