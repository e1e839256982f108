/**
 * Writes the bill of materials of each image, and the list of all licences, to `.local/sbom`. Fails when an image holds
 * something under a licence that is not among the allowed ones (tools/image/licences.ts).
 */
import { glob, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { billOfMaterials } from './image/bill-of-materials.ts';
import { licenceOf, refusedLicences, type Component } from './image/licences.ts';
import { makeImageFolder } from './image/make-image-folder.ts';

new Command()
  .name('npm run sbom --')
  .description('Writes the bills of materials (CycloneDX) and the licences of the images to .local/sbom.')
  .showHelpAfterError('(--help explains)')
  .parse();
const root = join(import.meta.dirname, '..');
const out = join(root, '.local/sbom');
const folder = await mkdtemp(join(tmpdir(), 'payments-sbom-'));
try {
  await mkdir(out, { recursive: true });
  const apps = await Array.fromAsync(
    glob('apps/*/src/main.ts', { cwd: root }),
    (file) => file.split(/[\\/]/)[1] ?? '',
  );
  const components = (await Promise.all(apps.sort().map(writeBill))).flat();
  await writeFile(join(out, 'licences.txt'), `${[...new Set(components.map(line))].sort().join('\n')}\n`);
  console.log('licences of all: .local/sbom/licences.txt');
  const refused = new Set(refusedLicences(components));
  for (const reason of refused) console.error(`${reason}: see tools/image/licences.ts`);
  process.exitCode = refused.size > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function writeBill(app: string): Promise<Component[]> {
  const image = join(folder, app);
  await makeImageFolder({ root, app, to: image });
  const bill = await billOfMaterials(image);
  await writeFile(join(out, `${app}.cdx.json`), `${JSON.stringify(bill, null, 2)}\n`);
  console.log(`${app}: ${bill.components.length} components, .local/sbom/${app}.cdx.json`);
  return bill.components;
}

function line(component: Component): string {
  return `${component['bom-ref']}: ${licenceOf(component) ?? 'unknown'}`;
}
