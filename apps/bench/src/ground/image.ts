import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** The services that are measured. */
export type ServiceName = 'payment' | 'relay' | 'notifier';

/** What is shipped of a service: the folder of its image, and how Node runs it there. */
export interface Image {
  cwd: string;
  args: string[];
}

/** Makes what the image of an app holds with `npm run image-folder`, as deploy/Dockerfile does it; once for each `folder`. */
export async function imageOf(folder: string, app: ServiceName): Promise<Image> {
  const cwd = join(folder, `image-${app}`);
  if (!existsSync(cwd)) await execa(process.execPath, ['tools/image-folder.ts', app, '--to', cwd]);
  return { cwd, args: await entryPoint() };
}

/** What the Dockerfile gives Node. @throws Error where it says no such thing */
async function entryPoint(): Promise<string[]> {
  const dockerfile = await readFile('deploy/Dockerfile', 'utf8');
  const [, list] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const [node, ...args] = JSON.parse(list ?? '[]') as string[];
  if (!node?.endsWith('/node')) throw new Error('deploy/Dockerfile has no entry point that runs Node');
  return args;
}
