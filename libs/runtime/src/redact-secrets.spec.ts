import { describe, expect, it } from '@jest/globals';

import { redactSecrets } from './redact-secrets.ts';

describe('redactSecrets', () => {
  it.each([
    ['postgres://app:pa55@127.0.0.1:5432/payments', 'postgres://app:***@127.0.0.1:5432/payments'],
    ['postgres://app:p@ss@db/payments', 'postgres://app:***@db/payments'],
    ['{"url":"amqp://:pw@h","n":1}', '{"url":"amqp://:***@h","n":1}'],
    ['https://hooks.slack.com/services/T0/B0/s3cret failed', 'https://hooks.slack.com/services/*** failed'],
  ])('takes the secret out of %s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it.each(['http://127.0.0.1:9101/readyz', 'postgres://app@db/payments', 'at 10:30, mail to a@b.example'])(
    'leaves %s as it is',
    (text) => {
      expect(redactSecrets(text)).toBe(text);
    },
  );
});
