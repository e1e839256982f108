import { describe, expect, it } from '@jest/globals';
import { nameInImage, toJavaScript } from './to-javascript.ts';

const source = `import type { Batch } from './batch.ts';
import { publish, type Publish } from '../publish.ts';
import 'node:process';
import './telemetry/preload.ts';
export * from './all.ts';
export const later = async (batch: Batch): Promise<Publish> =>
  ((await import('./later.ts')) as { later: Publish }).later ?? publish(batch, 'read it in ./batch.ts');
`;

describe('what an image holds of a file of ours', () => {
  it('has no types, and imports files as they are called there', () => {
    const lines = toJavaScript(source)
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' ').trim());
    expect(lines).toEqual([
      '',
      "import { publish, } from '../publish.js';",
      "import 'node:process';",
      "import './telemetry/preload.js';",
      "export * from './all.js';",
      'export const later = async (batch ) =>',
      "((await import('./later.js')) ).later ?? publish(batch, 'read it in ./batch.ts');",
      '',
    ]);
  });

  it('has everything at the line and column at which the source has it', () => {
    const places = (text: string) =>
      text.split('\n').map((line) => ['publish', 'await', 'later ??'].map((word) => line.indexOf(word)));
    expect(places(toJavaScript(source))).toEqual(places(source));
  });

  it('is refused for what is more than types', () => {
    expect(() => toJavaScript('enum State { Paid }')).toThrow(/enum/);
  });

  it('is called .js, and anything but TypeScript as it was', () => {
    expect(['src/main.ts', 'src/generated/a_pb.js', '0001.sql'].map(nameInImage)).toEqual([
      'src/main.js',
      'src/generated/a_pb.js',
      '0001.sql',
    ]);
  });
});
