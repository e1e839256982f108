import { findGoPrograms, type GoModule } from './go-module.ts';

/** Jaeger v2, as it is built from `tools/jaeger`. */
export const jaegerModule = {
  title: 'Jaeger',
  folder: 'jaeger',
  programs: { jaeger: 'github.com/jaegertracing/jaeger/cmd/jaeger' },
  takes: '4 minutes',
  takenFromPath: true,
} satisfies GoModule;

/** Jaeger's program: on PATH, else the one that `npm run tools` built; null where there is neither. */
export async function findJaeger(): Promise<string | null> {
  return (await findGoPrograms(jaegerModule))?.jaeger ?? null;
}
