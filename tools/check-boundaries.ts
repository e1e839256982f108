import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * A canary for the lint rules that keep the projects apart: the module boundaries need nx's project graph, and where it
 * is missing the rule says nothing and exits green. So forbidden imports are planted, and have to be found.
 */
const planted = [
  { in: 'libs/outbox/src', code: `import '@payments/kafka';`, rule: '@nx/enforce-module-boundaries' },
  {
    in: 'apps/relay/src',
    code: `import '../../../notifier/src/config.ts';`,
    rule: '@nx/enforce-module-boundaries',
  },
  {
    in: 'apps/relay/src',
    code: `import '@payments/rooms/src/config.ts';`,
    rule: '@nx/enforce-module-boundaries',
  },
  {
    in: 'examples/rooms/src',
    code: `import '../../../../apps/relay/src/config.ts';`,
    rule: '@nx/enforce-module-boundaries',
  },
  { in: 'apps/relay/src', code: `import 'kafkajs';`, rule: 'no-restricted-imports' },
  { in: 'apps/relay/src', code: `import '@payments/testing';`, rule: 'no-restricted-imports' },
];

// Builds the project graph and leaves it where the rule finds it.
await execa('nx', ['show', 'projects'], { preferLocal: true });

const silent: string[] = [];
for (const { in: folder, code, rule } of planted) {
  if (!(await rulesBroken(folder, code)).includes(rule))
    silent.push(`${rule} is silent about "${code}" in ${folder}`);
}
if (silent.length > 0) {
  console.error(silent.join('\n'));
  process.exit(1);
}
console.log(`${planted.length} planted violations were found`);

async function rulesBroken(folder: string, code: string): Promise<(string | null)[]> {
  const place = await mkdtemp(join(folder, 'canary-'));
  const file = join(place, 'canary.ts');
  try {
    await writeFile(file, code);
    const report = join(place, 'report.json');
    await execa('eslint', ['--format', 'json', '--output-file', report, file], {
      preferLocal: true,
      reject: false,
    });
    const results = JSON.parse(await readFile(report, 'utf8')) as { messages: { ruleId: string | null }[] }[];
    return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId));
  } finally {
    await rm(place, { recursive: true });
  }
}
