import { describe, expect, it } from '@jest/globals';

import { followReadiness } from './follow-readiness.ts';

function followed() {
  const lines: string[] = [];
  const reports: string[] = [];
  const readiness = followReadiness({
    log: { info: (line: unknown) => void lines.push(String(line)) },
    health: {
      ready: (part) => reports.push(part),
      notReady: (part, reason) => reports.push(`${part}: ${reason}`),
    },
  });
  return { ...readiness, lines, reports };
}

describe('the readiness of the relay', () => {
  it('is said once, when all parts are there', () => {
    const { ready, lines } = followed();
    for (const part of ['postgres', 'kafka', 'kafka', 'publishing', 'postgres'] as const) ready(part);
    expect(lines).toEqual(['postgres is there', 'kafka is there', 'ready']);
  });

  it('is said again when a part was away', () => {
    const { ready, notReady, lines, reports } = followed();
    ready('postgres');
    ready('kafka');
    ready('publishing');
    notReady('kafka', 'refused');
    ready('kafka');
    expect(lines.slice(3)).toEqual(['kafka is there', 'ready']);
    expect(reports).toEqual(['postgres', 'kafka', 'publishing', 'kafka: refused', 'kafka']);
  });
});
