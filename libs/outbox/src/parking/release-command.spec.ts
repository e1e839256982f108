import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { releaseCommand } from './release-command.ts';

it('is as plain as its key', () => {
  expect(releaseCommand('r-1')).toBe('npm run outbox -- release r-1');
});

it.each(['$(id)', '`id`', "it's", 'a "b" c', '예약 1', '', '!!', '-x', 'a\nb'])(
  'is one word of a shell for %j',
  (key) => {
    const words = releaseCommand(key).replace('npm run outbox -- release', `printf '%s|' release`);
    const expected = key.startsWith('-') ? `release|--|${key}|` : `release|${key}|`;
    expect(execFileSync('sh', ['-c', words], { encoding: 'utf8' })).toBe(expected);
  },
);
