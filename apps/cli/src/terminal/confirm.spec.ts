import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { confirm } from './confirm.ts';

const terminal = () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  return { input, output };
};

describe('a question', () => {
  it.each([
    ['y', true],
    ['Yes ', true],
    ['n', false],
    ['', false],
    ['yeah', false],
  ])('answered %p is %p', async (answer, agreed) => {
    const { input, output } = terminal();
    const asked = confirm('Publishes it.', { input, output });
    input.write(`${answer}\n`);
    expect(await asked).toBe(agreed);
    expect(String(output.read())).toContain('Publishes it. Go on? [y/N]');
  });

  it('that the input ends on, or Ctrl-C, is a no', async () => {
    const ended = terminal();
    const asked = confirm('Publishes it.', ended);
    ended.input.end();
    expect(await asked).toBe(false);
    const interrupted = terminal();
    const askedAgain = confirm('Publishes it.', interrupted);
    interrupted.input.write('\u0003');
    expect(await askedAgain).toBe(false);
  });

  it('is refused where there is no terminal, and names --yes', async () => {
    const { input, output } = terminal();
    const piped = confirm('Publishes it.', { input: Object.assign(input, { isTTY: false }), output });
    await expect(piped).rejects.toThrow('Publishes it. There is no terminal to ask on: say --yes');
  });
});
