import { describe, expect, it } from '@jest/globals';

import { payCommand } from './pay-command.ts';

describe('the command that pays', () => {
  it('names no address where `pay` looks anyway', () => {
    expect(payCommand('127.0.0.1:50051')).toBe('npm run pay -- --user u-1 r-1=15000KRW r-2=12.50USD');
  });

  it('names any other address, so that it works in a terminal that knows nothing of this stack', () => {
    expect(payCommand('127.0.0.1:43211')).toContain('pay -- --address 127.0.0.1:43211 --user u-1 ');
  });
});
