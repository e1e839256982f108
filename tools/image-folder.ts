/** Writes what an image holds into a folder: deploy/Dockerfile copies it, and apps/e2e and apps/bench run it without Docker. */
import { resolve, join } from 'node:path';
import { Command } from 'commander';
import { makeImageFolder } from './image/make-image-folder.ts';

const program = new Command()
  .name('npm run image-folder --')
  .description('Writes what the image of an app holds: the app as a bundle, and what has to lie beside it.')
  .argument('<app>', 'payment, relay, notifier, or another one with a src/main.ts')
  .requiredOption('--to <folder>', 'where to: a folder that is empty or not there yet')
  .showHelpAfterError('(--help explains)')
  .parse();
const [app = ''] = program.args;
const { to } = program.opts<{ to: string }>();
const root = join(import.meta.dirname, '..');

try {
  const { packages, files } = await makeImageFolder({ root, app, to: resolve(to) });
  console.log(`${app}: ${packages} packages, ${files} files in ${to}`);
} catch (error) {
  program.error((error as Error).message);
}
