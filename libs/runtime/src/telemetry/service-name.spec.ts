import { describe, expect, it } from '@jest/globals';

import { serviceNameOf } from './service-name.ts';

describe('serviceNameOf', () => {
  it('is the folder of the app', () => {
    expect(serviceNameOf('/srv/app/apps/payment/src/main.ts')).toBe('payment');
    expect(serviceNameOf('C:\\app\\apps\\relay\\src\\main.ts')).toBe('relay');
  });

  it('is that of the innermost src, as sources may lie in one', () => {
    expect(serviceNameOf('/usr/src/app/apps/notifier/src/main.ts')).toBe('notifier');
    expect(serviceNameOf('/usr/src/app/libs/runtime/src/telemetry/telemetry.child.ts')).toBe('runtime');
  });

  it('is unknown of a program that lies elsewhere, and of none', () => {
    expect(serviceNameOf('/tmp/main.ts')).toBeUndefined();
    expect(serviceNameOf(undefined)).toBeUndefined();
  });
});
