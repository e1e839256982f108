import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One line of a Dockerfile, continued lines being one. */
export interface Instruction {
  /** In capitals, e.g. `FROM`. */
  name: string;
  rest: string;
}

/** The instructions of each stage of `deploy/Dockerfile`, first to last; each begins with its `FROM`. */
export async function readDockerfile(): Promise<Instruction[][]> {
  const text = await readFile(join(import.meta.dirname, '../../../../deploy/Dockerfile'), 'utf8');
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines.filter((one) => one.trim() !== '')) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

/** The last stage, which is the image. @throws Error where there is none */
export async function imageStage(): Promise<(name: string) => string[]> {
  const stage = (await readDockerfile()).at(-1);
  if (!stage) throw new Error('the Dockerfile has no stage');
  return (name) => stage.filter((one) => one.name === name).map(({ rest }) => rest);
}

/** What the image runs, to which the arguments of `docker run` are added. @throws Error where it is no list */
export async function readEntrypoint(): Promise<string[]> {
  const [entrypoint = ''] = (await imageStage())('ENTRYPOINT');
  return JSON.parse(entrypoint) as string[];
}
