import { describe, expect, it } from '@jest/globals';
import { isNeeded, isNeededOfOurs } from './is-needed.ts';

describe('what an image needs', () => {
  it.each([
    ['src/main.ts', true],
    ['src/migrations/0001-outbox.sql', true],
    ['src/generated/payment_pb.js', true],
    ['src/generated/payment_pb.d.ts', false],
    ['src/relay.int.spec.ts', false],
    ['src/relaying.fixture.ts', false],
    ['src/exchange.child.ts', false],
    ['src/slack-stand-in.md', false],
    ['README.md', false],
    ['tsconfig.json', false],
  ])('of a workspace of ours is %s: %s', (file, needed) => expect(isNeededOfOurs(file)).toBe(needed));

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
  ])('of other packages is %s: %s', (file, needed) => expect(isNeeded(file)).toBe(needed));
});
