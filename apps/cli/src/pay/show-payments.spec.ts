import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentHistoryEntrySchema, PaymentSchema, PaymentState } from '@payments/contracts';
import { showList, showOrder, showPayment } from './show-payments.ts';

const payment = (more: object = {}) =>
  create(PaymentSchema, {
    paymentId: 'p-1',
    userId: 'u-1',
    reservationId: 'r-1',
    amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 },
    state: PaymentState.COMPLETED,
    createTime: { seconds: 1_700_000_000n, nanos: 5_000_000 },
    ...more,
  });

const plain = (text: string) => text.replaceAll(new RegExp('\\u001b\\[\\d+m', 'g'), '');

describe('payments for people', () => {
  it('have their amount, state, reason and time', () => {
    const declined = payment({
      state: PaymentState.FAILED,
      failureReason: FailureReason.DECLINED,
      declineCode: 'no_funds',
    });
    expect(plain(showOrder([declined]))).toMatch(/r-1 .*\$12\.50 .*FAILED .*DECLINED: no_funds .*p-1/);
    expect(plain(showList([payment()]))).toMatch(
      /2023-11-14T22:13:20\.005Z .*u-1 .*r-1 .*\$12\.50 .*COMPLETED .*p-1/,
    );
    expect(plain(showPayment(declined))).toMatch(
      /^payment +p-1\nstate +FAILED\nreason +DECLINED: no_funds\n/,
    );
  });

  it('show an entry of the history', () => {
    const entry = create(PaymentHistoryEntrySchema, { reservationId: 'r-9', state: PaymentState.REFUNDED });
    expect(plain(showList([entry]))).toMatch(/r-9 .*REFUNDED/);
  });

  it('show what is younger than this program, or no amount or time at all', () => {
    const strange = payment({ state: 77, amount: { currencyCode: 'XXQ', units: 1n }, createTime: undefined });
    expect(plain(showOrder([strange]))).toMatch(/r-1 .*\? .*77 .*p-1/);
    expect(plain(showList([strange]))).toContain('77');
  });

  it('keep what strangers wrote away from the terminal', () => {
    const strange = payment({ reservationId: 'r\u001b[2J', userId: 'u\nu', paymentId: 'p\u202e' });
    for (const shown of [showOrder([strange]), showList([strange]), showPayment(strange)]) {
      expect(plain(shown)).toContain('r\\u001b[2J');
      expect(shown).not.toContain('\u001b[2J');
      expect(shown).not.toContain('\u202e');
    }
  });
});
