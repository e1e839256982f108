import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, throwAwayDatabase } from '@payments/testing';

let closing: AsyncDisposableStack;
let address: string;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  const { url } = closing.use(await throwAwayDatabase());
  const service = closing.use(
    await startService({ app: 'payment', env: { DATABASE_URL: url, PAYMENT_LIMIT: 'KRW=100000' } }),
  );
  await service.ready();
  address = service.grpc ?? '';
});
afterAll(async () => {
  await closing.disposeAsync();
});

/** Runs the command as a person does, with `PAYMENT_ADDRESS` set to the service unless told otherwise. */
const pay = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = { PAYMENT_ADDRESS: address },
) => {
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; stdout: string; stderr: string }>();
  const script = join(import.meta.dirname, 'pay.ts');
  execFile(process.execPath, [script, ...args], { env: { ...env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
    resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr }),
  );
  return promise;
};

describe('pay', () => {
  it('prints every payment with its amount and outcome, and ends with 0', async () => {
    const { exitCode, stdout } = await pay(['--user', 'u-1', 'r-1=15000KRW', '예약=2=12.50USD']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/r-1 +│ ₩15,000 │ COMPLETED/);
    expect(stdout).toMatch(/예약=2 +│ +\$12\.50 │ COMPLETED/);
  });

  it('ends with 2 when a payment failed, with its reason', async () => {
    await pay(['--user', 'u-1', 'twice=1KRW']);
    const { exitCode, stdout } = await pay(['--user', 'u-1', 'twice=1KRW', 'large=100001KRW', 'good=1KRW']);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/twice .* FAILED +│ ALREADY_PAID/);
    expect(stdout).toMatch(/large .* FAILED +│ LIMIT_EXCEEDED/);
    expect(stdout).toMatch(/good .* COMPLETED/);
  });

  it('prints the same payments for the same request id', async () => {
    const args = [
      '--user',
      'u-1',
      '--json',
      '--request-id',
      '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
      'once=1KRW',
    ];
    const first = await pay(args);
    expect(first.exitCode).toBe(0);
    expect(await pay(args)).toEqual(first);
  });

  it('is refused by the service with both fields of a reservation that was given twice', async () => {
    const { exitCode, stdout, stderr } = await pay(['--user', 'u-1', 'd-1=15000KRW', 'd-1=1KRW']);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('reservations[0].reservation_id (d-1=15000KRW) is the same as reservations[1]');
    expect(stderr).toContain('reservations[1].reservation_id (d-1=1KRW) is the same as reservations[0]');
    expect((await pay(['--user', 'u-1', 'd-1=1KRW'])).exitCode).toBe(0);
  });

  it('shows the refusal of an amount with its remedy', async () => {
    const { exitCode, stderr } = await pay(['--user', 'u-1', 'a=1.5KRW', 'b=5ABC', 'c=-1USD']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /amount\.nanos \(a=1\.5KRW\) KRW has no decimals[^]*currency_code \(b=5ABC\)[^]*\(c=-1USD\) must be more/,
    );
  });

  it('names npm start when nobody is there', async () => {
    const { exitCode, stderr } = await pay(['--user', 'u-1', '--address', '127.0.0.1:1', 'r=1KRW']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/cannot be reached at 127\.0\.0\.1:1\. Start it with `npm start`/);
  });

  it.each([
    [['--user', 'u', 'r-1'], '"r-1" is not a reservation'],
    [['--user', 'u', 'r-1=15000'], '"15000" is not an amount'],
    [['--user', 'u', '--address', 'x', 'r=1KRW'], '--address is "x"'],
    [['r=1KRW'], "required option '--user <id>'"],
    [['--user', 'u'], "missing required argument 'reservations'"],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await pay(args)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it('documents its exit codes', async () => {
    const { exitCode, stdout } = await pay(['--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 [^]*\n {2}2 /);
  });
});
