import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, throwAwayDatabase } from '@payments/testing';
import { startCommand } from '../start-command.fixture.ts';

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

/** Runs the command to its end, with `PAYMENT_ADDRESS` set to the service. */
const pay = (args: readonly string[]) => startCommand('pay', args, { PAYMENT_ADDRESS: address }).ended;

const json = async (args: readonly string[]): Promise<unknown> =>
  JSON.parse((await pay([...args, '--json'])).stdout) as unknown;

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
    expect(stderr).toContain('reservations[0].amount.nanos (a=1.5KRW) KRW has no decimals');
    expect(stderr).toContain('reservations[1].amount.currency_code (b=5ABC)');
    expect(stderr).toMatch(/reservations\[2\]\S* \(c=-1USD\) must be more/);
  });

  it.each([
    [['--user', 'u', 'r-1'], '"r-1" is not a reservation'],
    [['--user', 'u', 'r-1=15000'], '"15000" is not an amount'],
    [['--user', 'u', '--address', 'x', 'r=1KRW'], '--address is "x"'],
    [['r=1KRW'], "required option '--user <id>'"],
    [['--user', 'u'], "missing required argument 'reservations'"],
    [['lst'], 'or a command: refund, get, list, history'],
    [['get'], "missing required argument 'payment-id'"],
    [['list', 'x'], "too many arguments for 'list'"],
    [['list', '--state', 'paid'], 'one of PENDING, COMPLETED, FAILED, REFUNDED'],
    [['list', '--limit', '0'], 'a number from 1 to 10000'],
    [['history', '--until', 'noon'], '--until is "noon"'],
    [['list', '--timeout', '0'], 'a number of seconds from 0.1'],
    [['list', '--token', 'x'], "unknown option '--token'"],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await pay(args)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it.each([[[]], [['refund']], [['get']], [['list']], [['history']]])(
    'documents its connection, token and exit codes: %j',
    async (command) => {
      const { exitCode, stdout } = await pay([...command, '--help']);
      expect(exitCode).toBe(0);
      for (const said of ['--address', '--tls-ca', '--token-file', 'PAYMENT_TOKEN', '--timeout', '--json'])
        expect(stdout).toContain(said);
      expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 [^]*\n {2}2 [^]*\n {2}130 /);
    },
  );

  it('says what was typed wrong as JSON, too', async () => {
    expect(await json(['list', '--since', 'noon'])).toMatchObject({ error: { code: 'USAGE' } });
    expect(await json(['list', '--limit', 'x'])).toMatchObject({ error: { code: 'USAGE' } });
  });
});

describe('pay get, list, history', () => {
  const idOf = async (reservation: string): Promise<string> => {
    const reply = (await json(['--user', 'looker', `${reservation}=7USD`])) as {
      payments: { paymentId: string }[];
    };
    return reply.payments[0]?.paymentId ?? '';
  };

  it('show a payment, to people and to programs', async () => {
    const id = await idOf('look-1');
    const shown = await pay(['get', id]);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toMatch(new RegExp(`^payment +${id}\nstate +COMPLETED\namount +\\$7\\.00\n`));
    expect(await json(['get', id])).toMatchObject({
      payment: {
        paymentId: id,
        state: 'PAYMENT_STATE_COMPLETED',
        amount: { currencyCode: 'USD', units: '7' },
      },
    });
  });

  it('name the remedy for a payment that there is not, and the field of what is no id', async () => {
    const none = await pay(['get', '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f']);
    expect(none).toMatchObject({ exitCode: 1, stdout: '' });
    expect(none.stderr).toMatch(/PAYMENT_NOT_FOUND.*npm run pay -- list/);
    expect((await pay(['get', 'x'])).stderr).toMatch(/INVALID_REQUEST.*\n {2}payment_id /);
    expect(await json(['get', 'x'])).toMatchObject({
      error: { code: 3, details: { reason: 'INVALID_REQUEST', violations: [{ field: 'payment_id' }] } },
    });
  });

  it('list what fits, the newest first, in pages that go on from one another', async () => {
    for (const n of [1, 2, 3]) await pay(['--user', 'pager', `page-${n}=1KRW`]);
    const filters = ['--user', 'pager', '--state', 'completed', '--since', '2026-01-01'];
    const first = (await json(['list', ...filters, '--limit', '2'])) as { nextPageToken: string };
    expect(first).toMatchObject({ payments: [{ reservationId: 'page-3' }, { reservationId: 'page-2' }] });
    const rest = await json(['list', ...filters, '--limit', '2', '--page-token', first.nextPageToken]);
    expect(rest).toMatchObject({ payments: [{ reservationId: 'page-1' }], nextPageToken: '' });
    const { stdout, stderr } = await pay(['list', ...filters, '--limit', '2']);
    expect(stdout).toMatch(/pager .*page-3 .*₩1 .*COMPLETED[^]*page-2/);
    expect(stderr).toContain('--since 2026-01-01T00:00:00.000Z');
    expect(stderr).toMatch(/--page-token \S{20}/);
    expect(await json(['list', ...filters, '--until', '2026-01-02'])).toEqual({
      payments: [],
      nextPageToken: '',
    });
    expect((await pay(['list', '--user', 'nobody'])).stdout).toBe('none fits\n');
  });

  it('list outcomes', async () => {
    await pay(['--user', 'historian', 'h-1=1KRW']);
    await pay(['--user', 'historian', 'h-1=1KRW']);
    expect(await json(['history', '--reservation', 'h-1'])).toMatchObject({
      entries: [
        { reservationId: 'h-1', state: 'PAYMENT_STATE_FAILED', failureReason: 'FAILURE_REASON_ALREADY_PAID' },
        { reservationId: 'h-1', state: 'PAYMENT_STATE_COMPLETED' },
      ],
      nextPageToken: '',
    });
    expect((await pay(['history', '--reservation', 'h-1', '--state', 'FAILED'])).stdout).toMatch(
      /historian .*h-1 .*FAILED .*ALREADY_PAID/,
    );
  });
});

describe('pay refund', () => {
  it('pays a payment back once, and shows it', async () => {
    const { payments } = (await json(['--user', 'u-1', 'refund-1=3USD'])) as {
      payments: { paymentId: string }[];
    };
    const id = payments[0]?.paymentId ?? '';
    const first = await pay(['refund', id]);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/state +REFUNDED/) });
    expect(await json(['refund', id])).toMatchObject({
      requestId: expect.any(String),
      payment: { paymentId: id, state: 'PAYMENT_STATE_REFUNDED' },
    });
    expect(await json(['history', '--reservation', 'refund-1'])).toMatchObject({
      entries: [{ state: 'PAYMENT_STATE_REFUNDED' }, { state: 'PAYMENT_STATE_COMPLETED' }],
    });
    expect((await pay(['--user', 'u-1', 'refund-1=3USD'])).exitCode).toBe(0);
  });

  it('names the remedy for a payment that failed', async () => {
    const { payments } = (await json(['--user', 'u-1', 'refund-2=100001KRW'])) as {
      payments: { paymentId: string }[];
    };
    const { exitCode, stderr } = await pay(['refund', payments[0]?.paymentId ?? '']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^NOT_COMPLETED: .*Only a COMPLETED payment/);
  });
});
