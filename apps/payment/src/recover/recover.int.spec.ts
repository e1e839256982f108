import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentState } from '@payments/contracts';
import { eventually, freePort, startGatewayStandIn } from '@payments/testing';
import {
  frozenAfterCharge,
  openGatewayFixture,
  openPatientGateway,
  told,
  tookNothing,
} from '../gateway.fixture.ts';
import type { GatewayFixture } from '../gateway.fixture.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { won } from '../payment.fixture.ts';
import { recoverWithinMs } from '../task/claimed-task.ts';
import { startRecovery } from './recovery.ts';

let fixture: GatewayFixture;
beforeEach(async () => (fixture = await openGatewayFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** An order whose payments may have been charged: `at` says on which side of it the gateway failed. */
const leavePending = async (at: 'before' | 'after', ...ids: string[]) => {
  fixture.standIn.behave({ on: 'POST /charges', times: 1_000, then: { status: 500, at } });
  const reservations = ids.map((id) => won(id));
  const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations });
  fixture.standIn.recover();
  expect(new Set(payments.map(({ state }) => state))).toEqual(new Set([PaymentState.PENDING]));
  return payments.map(({ paymentId }) => paymentId);
};

const stored = async (paymentId = '') => {
  const { payment } = await fixture.client.getPayment({ paymentId });
  return payment && [PaymentState[payment.state], FailureReason[payment.failureReason]].join(' ');
};

const asked = () => fixture.standIn.requests().map(({ on }) => on);

describe('recovery', () => {
  it('only looks up what was charged', async () => {
    const [id] = await leavePending('after', 'r-1');
    const before = asked().length;
    await fixture.recover();
    expect(asked().slice(before)).toEqual(['GET /charges']);
    expect(await stored(id)).toBe('COMPLETED UNSPECIFIED');
    expect(await told(fixture, id)).toEqual(['COMPLETED']);
  });

  it('charges what never came to the gateway, by the same key', async () => {
    const [id] = await leavePending('before', 'r-1');
    expect(fixture.standIn.ledger()).toEqual([]);
    await fixture.recover();
    expect(await stored(id)).toBe('COMPLETED UNSPECIFIED');
    expect(fixture.charged('r-1')).toEqual([`charge ${id}`]);
  });

  it('stores what the gateway declined', async () => {
    const [id] = await leavePending('before', 'r-1');
    fixture.standIn.behave({ on: 'POST /charges', then: { decline: 'lost_card' } });
    await fixture.recover();
    expect(await stored(id)).toBe('FAILED DECLINED');
    expect(await told(fixture, id)).toEqual(['FAILED']);
  });

  it('never takes a gateway that is away for nothing charged, and comes back later each time', async () => {
    const [id] = await leavePending('after', 'r-1');
    fixture.standIn.behave({ on: 'GET /charges', times: 100, then: tookNothing });
    fixture.standIn.behave({ on: 'POST /charges', times: 100, then: tookNothing });
    expect(await fixture.recover()).toBe(1);
    expect(await stored(id)).toBe('PENDING UNSPECIFIED');
    const [row] = await fixture.sql(
      'select claim, due_at > claimed_until as later, claimed_until <= now() as left from payment.gateway_task',
    );
    expect(row).toEqual({ claim: 2, later: true, left: true });
    fixture.standIn.recover();
    await fixture.endLeases();
    await fixture.recover();
    expect(await stored(id)).toBe('COMPLETED UNSPECIFIED');
    expect(fixture.charged('r-1')).toHaveLength(1);
  });

  it('asks nothing of another payment gateway, which would charge again', async () => {
    const [id] = await leavePending('after', 'r-1');
    await using other = await startGatewayStandIn();
    await using otherGateway = openPatientGateway(other.url, 5_000);
    expect(await fixture.recover(otherGateway)).toBe(0);
    expect(other.requests()).toEqual([]);
    expect(await stored(id)).toBe('PENDING UNSPECIFIED');
    expect(await fixture.recover()).toBe(1);
    expect(await stored(id)).toBe('COMPLETED UNSPECIFIED');
  });

  it('leaves alone what somebody is at', async () => {
    const held = fixture.standIn.hold({ on: 'POST /charges', at: 'before' });
    const call = fixture.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
    await held.reached;
    expect(await fixture.recover()).toBe(0);
    held.release();
    await call;
  });

  it('takes up a whole order in rounds', async () => {
    await leavePending('after', ...Array.from({ length: 20 }, (_, i) => `r-${i}`));
    expect([await fixture.recover(), await fixture.recover(), await fixture.recover()]).toEqual([8, 8, 4]);
    expect(await fixture.tasks()).toEqual([]);
    expect(await fixture.counts()).toMatchObject({ payments: 20, history: 20, messages: 20 });
    expect(fixture.standIn.ledger()).toHaveLength(20);
  });

  it('is at the gateway for no longer than it may from the moment it began to claim, however late it hears that it has', async () => {
    await leavePending('before', 'r-1');
    const deadlines: number[] = [];
    const { gateway } = fixture;
    const watched: Gateway = {
      ...gateway,
      findCharge: (key, bound) => {
        deadlines.push(bound.deadline);
        return gateway.findCharge(key, bound);
      },
    };
    const other = await fixture.other();
    await other.sql('lock table payment.gateway_task in access exclusive mode');
    const recovery = fixture.recover(watched);
    await fixture.waiting(1);
    const late = Date.now();
    await other.commit();
    expect(await recovery).toBe(1);
    expect(deadlines).toHaveLength(1);
    expect(deadlines[0]).toBeLessThan(late + recoverWithinMs);
  });

  it('does not charge by a key that the gateway may have forgotten: it names the payment, and waits for a look-up', async () => {
    const [id] = await leavePending('before', 'r-1');
    await fixture.sql(`update payment.gateway_task set created_at = now() - interval '23 hours 1 minute'`);
    const before = asked().length;
    await fixture.recover();
    expect(asked().slice(before)).toEqual(['GET /charges']);
    expect(fixture.errors).toEqual([{ kind: 'CHARGE', task_id: id, payment_id: id }]);
    expect(await stored(id)).toBe('PENDING UNSPECIFIED');
    expect(await fixture.tasks()).toHaveLength(1);
  });
});

describe('two that are at one payment', () => {
  it('write one outcome when both are recoverers', async () => {
    const [id] = await leavePending('after', 'r-1');
    const held = fixture.standIn.hold({ on: 'GET /charges', at: 'after' });
    const slow = fixture.recover();
    await held.reached;
    await fixture.endLeases();
    expect(await fixture.recover()).toBe(1);
    expect(await stored(id)).toBe('COMPLETED UNSPECIFIED');
    held.release();
    expect(await slow).toBe(1);
    expect(await told(fixture, id)).toEqual(['COMPLETED']);
    expect(fixture.charged('r-1')).toHaveLength(1);
  });

  it('do not take one task when both look at the same time', async () => {
    await leavePending('after', ...Array.from({ length: 6 }, (_, i) => `r-${i}`));
    const taken = await Promise.all([fixture.recover(), fixture.recover(), fixture.recover()]);
    expect(taken.reduce((sum, count) => sum + count)).toBe(6);
    expect(asked().filter((on) => on === 'GET /charges')).toHaveLength(6);
  });
});

describe('a call that froze at the payment gateway, and was taken for dead', () => {
  it('does not say that nothing was charged while a recoverer charges', async () => {
    await using nobody = openPatientGateway(`http://127.0.0.1:${await freePort()}`, 5_000);
    const { frozen, answered, thaw } = frozenAfterCharge({ ...nobody, host: fixture.gateway.host });
    await using first = await fixture.another(frozen);
    const call = first.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
    await answered;
    await fixture.endLeases();
    const held = fixture.standIn.hold({ on: 'POST /charges', at: 'after' });
    const recovery = fixture.recover();
    const { key } = await held.reached;
    thaw();
    expect((await call).payments).toMatchObject([{ paymentId: key, state: PaymentState.PENDING }]);
    expect(await fixture.tasks()).toEqual([{ kind: 'CHARGE', claim: 2, claimed: true }]);
    held.release();
    await recovery;
    expect(await stored(key)).toBe('COMPLETED UNSPECIFIED');
    expect(await told(fixture, key)).toEqual(['COMPLETED']);
    expect(fixture.charged('r-1')).toEqual([`charge ${key}`]);
  });

  it('does not give away what the recoverer is at', async () => {
    fixture.standIn.behave({ on: 'POST /charges', times: 2, then: { status: 500, at: 'after' } });
    const { frozen, answered, thaw } = frozenAfterCharge(fixture.gateway);
    await using first = await fixture.another(frozen);
    const call = first.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
    await answered;
    await fixture.endLeases();
    const held = fixture.standIn.hold({ on: 'GET /charges', at: 'after' });
    const recovery = fixture.recover();
    await held.reached;
    thaw();
    expect((await call).payments).toMatchObject([{ state: PaymentState.PENDING }]);
    expect(await fixture.tasks()).toEqual([{ kind: 'CHARGE', claim: 2, claimed: true }]);
    held.release();
    await recovery;
    expect(fixture.charged('r-1')).toHaveLength(1);
  });

  it('answers with what the recoverer stored', async () => {
    const { frozen, answered, thaw } = frozenAfterCharge(fixture.gateway);
    await using first = await fixture.another(frozen);
    const call = first.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
    await answered;
    await fixture.endLeases();
    await fixture.recover();
    thaw();
    const [payment] = (await call).payments;
    expect(payment).toMatchObject({ state: PaymentState.COMPLETED });
    expect(await told(fixture, payment?.paymentId)).toEqual(['COMPLETED']);
  });
});

describe('the loop of recovery', () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined } as never;

  it('looks at once when it is woken, and ends when it is told to, with its question broken off', async () => {
    const { database, gateway, standIn, tell } = fixture;
    const idleMs = 600_000;
    const wake = () => undefined;
    const recovery = startRecovery({ database, gateway, log, tell, wake, idleMs });
    const [charged] = await leavePending('after', 'r-1');
    recovery.wake();
    await eventually(async () => expect(await stored(charged)).toBe('COMPLETED UNSPECIFIED'));
    const [left] = await leavePending('after', 'r-2');
    const held = standIn.hold({ on: 'GET /charges', at: 'before' });
    recovery.wake();
    await held.reached;
    await recovery[Symbol.asyncDispose]();
    held.release();
    expect(await stored(left)).toBe('PENDING UNSPECIFIED');
    expect(await fixture.tasks()).toEqual([{ kind: 'CHARGE', claim: 2, claimed: false }]);
  });
});
