import type { Health, Log } from '@payments/runtime';

/** What the relay stands between, and that its rounds end: each must be so for it to be ready. */
export const parts = ['postgres', 'kafka', 'publishing'] as const;
/** One of {@link parts}. */
export type Part = (typeof parts)[number];

/** Where the relay reports how its parts are. Safe to call at each round: it speaks only of changes. */
export type Readiness = {
  ready: (part: Part) => void;
  notReady: (part: Part, reason: string) => void;
};

/** Passes reports on to `/readyz`, and logs when a part comes good, and when all have. */
export function followReadiness(options: {
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Pick<Log, 'info'>;
}): Readiness {
  const { health, log } = options;
  const missing = new Set<Part>(parts);
  return {
    ready: (part) => {
      if (!missing.delete(part)) return;
      health.ready(part);
      if (part !== 'publishing') log.info(`${part} is there`);
      if (missing.size === 0) log.info('ready');
    },
    notReady: (part, reason) => {
      missing.add(part);
      health.notReady(part, reason);
    },
  };
}
