import { describe, expect, it } from '@jest/globals';
import { FailureReason } from '@payments/contracts';
import { problemLines, routesFile } from './routes-file.ts';

const env = {
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/default',
  HOOK_A: 'https://hooks.slack.com/services/T0/B0/a',
  HOOK_B: ' https://hooks.slack.com/triggers/T0/1/b ',
};
const a = { name: 'a', webhook: 'HOOK_A' };
const b = { name: 'b', webhook: 'HOOK_B', format: 'text' };
const toA = { channel: 'a' };
const toB = { channel: 'b' };

const read = (file: unknown, environment: Record<string, string> = env) =>
  routesFile(environment).safeParse(file);
const problems = (...of: Parameters<typeof read>) => {
  const { error } = read(...of);
  return error ? problemLines(error) : [];
};

describe('a routes file', () => {
  it('gives channels, with their webhooks out of the environment, and routes', () => {
    const routes = [
      { ...toA, outcomes: ['FAILED'], reasons: ['DECLINED'], currencies: ['KRW'], above: 'KRW=10,USD=1.50' },
      toB,
      { channel: 'default', outcomes: ['COMPLETED', 'REFUNDED'] },
    ];
    expect(read({ channels: [a, b], routes }).data).toEqual({
      channels: [
        { name: 'a', webhookUrl: env.HOOK_A, format: 'blocks' },
        { name: 'b', webhookUrl: env.HOOK_B.trim(), format: 'text' },
      ],
      routes: [
        {
          ...toA,
          outcomes: ['FAILED'],
          reasons: [FailureReason.DECLINED],
          currencies: ['KRW'],
          above: new Map([
            ['KRW', 10n],
            ['USD', 150n],
          ]),
        },
        toB,
        { channel: 'default', outcomes: ['COMPLETED', 'REFUNDED'] },
      ],
    });
  });

  it('names every bad field by its path, with its remedy', () => {
    const routes = [
      { channel: 7, outcomes: ['Failed'], reasons: [] },
      { ...toA, above: '1000', currencies: ['KRX'], abve: 'KRW=1' },
      { outcomes: 'FAILED' },
    ];
    const channels = [{ name: 'A b' }, { ...a, name: 'default', format: 'json' }];
    expect(problems({ channels, routes })).toEqual([
      'channels[0].name must be 1 to 63 small letters, digits and dashes, not "A b"',
      expect.stringMatching(/^channels\[0\]\.webhook is not set: .*environment variable/),
      expect.stringMatching(/^channels\[1\]\.name must be another: "default" is the channel of/),
      'channels[1].format must be one of blocks, text, not "json"',
      'routes[0].channel must be the name of a channel, not 7',
      'routes[0].outcomes[0] must be one of COMPLETED, FAILED, REFUNDED, not "Failed"',
      expect.stringMatching(/^routes\[0\]\.reasons must hold one of .*DECLINED.* at least$/),
      'routes[1].currencies[0] must be a code of ISO 4217, such as KRW, not "KRX"',
      expect.stringMatching(
        /^routes\[1\]\.above must be amounts .* example KRW=1000000,USD=1000, not "1000"$/,
      ),
      'routes[1] has unknown keys: abve; a route has channel, outcomes, reasons, currencies, above',
      expect.stringMatching(/^routes\[2\]\.channel is not set/),
      expect.stringMatching(/^routes\[2\]\.outcomes must be a list of COMPLETED, FAILED, REFUNDED$/),
    ]);
  });

  it.each([[[]], [null], ['x'], [{}], [{ channels: [], routes: [] }], [{ routes: [toA] }]])(
    'is not %j',
    (file) => {
      expect(problems(file)).not.toEqual([]);
    },
  );

  it.each([
    ['a name twice', [a, { ...b, name: 'a' }], [toA], 'channels[1].name is "a" again'],
    [
      'a webhook twice',
      [a, { ...a, name: 'b' }],
      [toA, toB],
      'channels[1].webhook is the webhook of "a" too',
    ],
    ['a channel of no use', [a, b], [toA], 'channels[1] is of no use: no route names "b"'],
    ['a channel that is none', [a], [toA, toB], 'routes[1].channel must be one of default, a, not "b"'],
    [
      'reasons of what did not fail',
      [a],
      [{ ...toA, outcomes: ['COMPLETED'], reasons: ['DECLINED'] }],
      'routes[0].reasons never hold',
    ],
  ])('has not %s', (_, channels, routes, problem) => {
    expect(problems({ channels, routes })).toEqual([expect.stringContaining(problem)]);
  });

  it('has not the webhook of the default channel again', () => {
    const same = { ...env, HOOK_A: env.SLACK_WEBHOOK_URL };
    expect(problems({ channels: [a], routes: [toA] }, same)).toEqual([
      expect.stringContaining('channels[0].webhook is the webhook of "default" too'),
    ]);
  });

  it.each([
    ['is not set', ''],
    ['must be an https URL', 'hooks.slack.com/services/T0/B0/secret'],
    ['must be an https URL', 'http://hooks.slack.com/services/T0/B0/secret'],
  ])('needs the variables that it names: one that %s is refused', (reason, HOOK_A) => {
    const lines = problems({ channels: [a], routes: [toA] }, { ...env, HOOK_A });
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^channels\\[0\\]\\.webhook names HOOK_A, which ${reason}`)),
    ]);
    expect(lines.join()).not.toContain('secret');
  });

  it.each([
    'https://hooks.slack.com/services/T0/B0/secret',
    'https://chat.example/hooks/secret',
    'https://chat.example?token=secret',
  ])('does not repeat a webhook that somebody wrote into it: %s', (url) => {
    const files = [
      { channels: [{ ...a, webhook: url }], routes: [toA] },
      { channels: { a: url }, routes: [toA] },
      { channels: [url], routes: [{ channel: url }] },
      { channels: [{ ...a, name: url }], routes: [{ ...toA, [url]: 1 }] },
      { channels: [a], routes: [{ channel: url }] },
      { channels: [a], routes: [{ ...toA, above: url, currencies: [url], reasons: [url] }] },
    ];
    for (const file of files) {
      expect(problems(file)).not.toEqual([]);
      expect(problems(file).join()).not.toContain('secret');
    }
  });
});
