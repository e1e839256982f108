import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { isAbsent, transportRemedy } from './transport-failure.ts';

/** As grpc-js puts it. */
const refused = (lastError: string) => ({
  code: status.UNAVAILABLE,
  message: `No connection established. Last error: ${lastError}. Resolution note: `,
});
const clear = { address: 'host:1', tls: false };
const tls = { address: 'host:1', tls: true };

describe('transportRemedy', () => {
  it.each([
    [clear, 'Error: connect ECONNREFUSED 127.0.0.1:1', 'npm start'],
    [tls, 'Error: connect ECONNREFUSED 127.0.0.1:1', 'npm start'],
    [clear, 'Failed to connect (2026-11-25T23:56:04.685Z)', 'add --tls'],
    [clear, 'Protocol error (2026-11-25T23:56:04.685Z)', 'no gRPC service'],
    [
      tls,
      'Error: 40FD:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:..',
      'Leave --tls out',
    ],
    [tls, 'Error: self-signed certificate; if the root CA is installed locally', '--tls-ca'],
    [tls, 'Error: unable to verify the first certificate', '--tls-ca'],
    [tls, 'Error: certificate has expired', 'renew'],
    [tls, 'Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match', 'another name'],
    [tls, '40FD:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required', '--tls-cert'],
    [tls, 'Failed to connect (2026-11-25T23:56:04.685Z)', '--tls-cert'],
    [clear, 'something new', 'No connection to host:1'],
  ])('tells what to do about %j: %s', (target, lastError, remedy) => {
    expect(transportRemedy(refused(lastError), target)).toContain(remedy);
    expect(transportRemedy(refused(lastError), target)).not.toContain('Resolution note');
  });

  it('tells of a host that nobody knows, and of one that says nothing', () => {
    const unknown = { code: status.UNAVAILABLE, message: 'Name resolution failed for target dns:x:1' };
    expect(transportRemedy(unknown, clear)).toContain('is not known');
    const silent = {
      code: status.DEADLINE_EXCEEDED,
      message: 'Deadline exceeded after 3s,Waiting for LB pick',
    };
    expect(transportRemedy(silent, clear)).toContain('Nobody answers at host:1');
  });

  it.each([
    { code: status.UNAVAILABLE, message: 'Connection dropped' },
    { code: status.DEADLINE_EXCEEDED, message: 'Deadline exceeded after 3s,remote_addr=127.0.0.1:1' },
    { ...refused('x'), details: { reason: 'STARTING', domain: 'payment.v1' } },
  ])('is silent where the request may have been sent: %j', (error) => {
    expect(transportRemedy(error, clear)).toBeUndefined();
  });

  it('takes nobody there for something that passes, and a wrong certificate for something that stays', () => {
    expect(isAbsent(refused('Error: connect ECONNREFUSED 127.0.0.1:1'))).toBe(true);
    expect(isAbsent(refused('Error: self-signed certificate'))).toBe(false);
  });
});
