import { describe, expect, it } from '@jest/globals';

import { redactOutgoingUrl } from './redact-outgoing-url.ts';

describe('redactOutgoingUrl', () => {
  it('shows the host alone', () => {
    expect(
      redactOutgoingUrl({ origin: 'https://hooks.slack.com', path: '/services/T0/B0/s3cret?key=s3cret' }),
    ).toEqual({
      'url.full': 'https://hooks.slack.com/REDACTED',
      'url.path': '/REDACTED',
      'url.query': 'REDACTED',
    });
  });

  it('shows no user and password either', () => {
    const attributes = redactOutgoingUrl({ origin: 'http://user:s3cret@proxy.example:8080', path: '/' });
    expect(JSON.stringify(attributes)).not.toContain('s3cret');
  });
});
