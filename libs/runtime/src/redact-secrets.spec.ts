import { describe, expect, it } from '@jest/globals';

import { redactSecrets } from './redact-secrets.ts';

describe('redactSecrets', () => {
  it.each([
    ['postgres://app:pa55@127.0.0.1:5432/payments', 'postgres://app:***@127.0.0.1:5432/payments'],
    ['postgres://app:p@ss@db/payments', 'postgres://app:***@db/payments'],
    [
      'postgres://db/payments?user=app&password=pa55&ssl=true',
      'postgres://db/payments?user=app&password=***&ssl=true',
    ],
    ['{"url":"amqp://:pw@h","n":1}', '{"url":"amqp://:***@h","n":1}'],
    ['https://hooks.slack.com/services/T0/B0/s3cret failed', 'https://hooks.slack.com/services/*** failed'],
    ['https://hooks.slack.com/triggers/T0/31/s3cret', 'https://hooks.slack.com/triggers/***'],
    ['https://hooks.slack.com/workflows/T0/A0/s3cret', 'https://hooks.slack.com/workflows/***'],
    [
      String.raw`{"msg":"failed\nhttps://h/services/s3cret"}`,
      String.raw`{"msg":"failed\nhttps://h/services/***"}`,
    ],
    [`${'long.'.repeat(20)}scheme://app:pa55@db`, `${'long.'.repeat(20)}scheme://app:***@db`],
    [`postgres://${'u'.repeat(40)}:${'p@'.repeat(20)}@db`, `postgres://${'u'.repeat(40)}:***@db`],
    [
      'violates check "c"\n - detail: Failing row contains (name, 876543).\n    at x',
      'violates check "c"\n - detail: ***\n    at x',
    ],
    [
      String.raw`{"stack":"E\n - detail: Key (\"id\")=(a\\name) exists.\n    at x","detail":"Key (\"id\")=(n)","code":"23505"}`,
      String.raw`{"stack":"E\n - detail: ***\n    at x","detail":"***","code":"23505"}`,
    ],
  ])('takes the secret out of %s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it.each(['http://127.0.0.1:9101/readyz', 'postgres://app@db/payments', 'at 10:30, mail to a@b.example'])(
    'leaves %s as it is',
    (text) => {
      expect(redactSecrets(text)).toBe(text);
    },
  );

  it('takes no longer than its length asks for, whatever a stranger makes it read', () => {
    const hostile = [
      ...['a.', 'a', 'a:', 'a://', 'a://b:', 'a://b:c@', '://', ':', '@', '-', '/'],
      ...[' - detail: ', '"detail":"', ' - detail: \\'],
      ...['http://', 'https://h', 'https://hooks.slack.com', 'https://hooks.slack.com/services', '/services'],
    ].map((part) => part.repeat(300_000 / part.length));
    const before = performance.now();
    for (const text of hostile) {
      for (const start of ['', 'https://', 'https://a:']) {
        expect(redactSecrets(`${start}${text}\n amqp://u:s3cret@h`)).toMatch(/ amqp:\/\/u:\*{3}@h$/);
      }
    }
    // A fraction of a second. A pattern that starts again at every letter takes more than a minute for the first text.
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});
