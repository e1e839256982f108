import { describe, expect, it } from '@jest/globals';
import { isNeeded, isNeededOfBundled, isNeededOfOurs } from './is-needed.ts';

describe('what an image needs', () => {
  it.each([
    ['src/migrations/0001-outbox.sql', true],
    ['src/main.ts', false],
    ['src/generated/payment_pb.js', false],
    ['src/slack-stand-in.md', false],
    ['README.md', false],
    ['tsconfig.json', false],
  ])('of a workspace of ours is, beside the bundle, %s: %s', (file, needed) =>
    expect(isNeededOfOurs(file)).toBe(needed),
  );

  it.each([
    ['package.json', true],
    ['LICENSE', true],
    ['dist/package.json', false],
    ['dist/index.js', false],
    ['README.md', false],
  ])('of a package that is in the bundle is %s: %s', (file, needed) =>
    expect(isNeededOfBundled(file)).toBe(needed),
  );

  it.each([
    ['package.json', true],
    ['dist/index.js', true],
    ['dist/index.mjs', true],
    ['health.proto', true],
    ['LICENSE', true],
    ['LICENSE.md', true],
    ['NOTICE.txt', true],
    ['dist/index.d.ts', false],
    ['dist/index.d.mts', false],
    ['src/index.ts', false],
    ['dist/index.js.map', false],
    ['README.md', false],
  ])('of a package that is left whole is %s: %s', (file, needed) => expect(isNeeded(file)).toBe(needed));
});
