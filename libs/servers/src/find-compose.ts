import { findGoPrograms, type GoModule } from './go-module.ts';

/** Docker Compose, as it is built from `tools/compose`: enough to check a compose file without Docker. */
export const composeModule = {
  title: 'Docker Compose',
  folder: 'compose',
  programs: { 'docker-compose': 'github.com/docker/compose/v2/cmd' },
  takes: '2 minutes',
} satisfies GoModule;

/** The program that `npm run tools` built; null where it did not. */
export async function findCompose(): Promise<string | null> {
  return (await findGoPrograms(composeModule))?.['docker-compose'] ?? null;
}
