import { defaultPaymentAddress, PaymentState } from '@payments/contracts';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodes } from './pay/exit-codes.ts';
import { get, history, list } from './pay/look.ts';
import type { ListOptions } from './pay/look.ts';
import { order } from './pay/order.ts';
import { refund } from './pay/refund.ts';
import { usualTimeout } from './pay/with-service.ts';
import type { ServiceOptions } from './pay/with-service.ts';
import { complain, json, print } from './terminal/output.ts';
import { limitUpTo, moreHelp } from './terminal/usage.ts';
import { UsageError } from './usage-error.ts';

const orderHelp = `
Examples:
  npm run pay -- --user u-1 r-1=15000KRW r-2=12.50USD
  npm run pay -- --user u-1 --request-id 3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f r-1=15000KRW

The last "=" parts id and amount, so an id may hold one. An id that begins with "-" stands after "--".`;

const help = `
Address: --address, else PAYMENT_ADDRESS, else the system that \`npm start\` runs (its state folder
is LOCAL_STATE_DIR, else .local), else ${defaultPaymentAddress}.

TLS: --tls, or PAYMENT_TLS=true, or any of its files: --tls-ca, --tls-cert and --tls-key, else PAYMENT_TLS_CA,
PAYMENT_TLS_CERT and PAYMENT_TLS_KEY. Without --tls-ca those are trusted whom Node.js trusts.

Token: the file of --token-file, else PAYMENT_TOKEN. It is never an argument, since everybody on this machine can see
those. In the clear it is sent within this machine alone.

Trace: each command is one, sent where the OTEL_* variables say (OTEL_EXPORTER_OTLP_ENDPOINT), else to the Jaeger of
\`npm start\`. Standard error says where to see it: in that Jaeger, or where TRACE_URL says (with {traceId} in it).

A call that the service or the network could not serve for now is made again, with the same request id, until the time
of --timeout is over; standard error says so. Ctrl-C ends it at once.

Exit codes:
  0  every payment is COMPLETED; the payment is REFUNDED; or what was asked for is shown
  1  nothing was done: the request was refused (each bad field is named), what was typed is wrong, or the service
     cannot be reached; or the outcome is not known, which is said, with the request id to ask again with
  2  the order was carried out, and some payments are not COMPLETED: they FAILED, or are PENDING still
  130  ended by Ctrl-C
`;

const seconds = (text: string): number => {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= 0.1 && value <= 3_600) return value;
  throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 3600.');
};

const states: Readonly<Record<string, PaymentState>> = {
  PENDING: PaymentState.PENDING,
  COMPLETED: PaymentState.COMPLETED,
  FAILED: PaymentState.FAILED,
  REFUNDED: PaymentState.REFUNDED,
};

const state = (text: string): PaymentState => {
  const name = text.toUpperCase();
  const found = Object.hasOwn(states, name) ? states[name] : undefined;
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It must be one of ${Object.keys(states).join(', ')}.`);
};

const usageJson = (message: string): string => json({ error: { code: 'USAGE', message } });

const withServiceOptions = (command: Command): Command =>
  command
    .option('--address <host:port>', 'where the payment service is')
    .option('--timeout <seconds>', `for all of it, tries included; default: ${usualTimeout}`, seconds)
    .option('--tls', 'encrypt the connection')
    .option('--tls-ca <file>', 'the authority that signs the service, PEM')
    .option('--tls-cert <file>', 'a certificate of your own, where the service asks for one, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--token-file <file>', 'holds the bearer token')
    .option('--json', 'print JSON with the names of the API, of refusals too');

/** What was typed for a command, also before its name. */
const optionsOf = <Options>(command: Command): Options =>
  ({ ...command.parent?.opts(), ...command.opts() }) as Options;

/** Runs a command, which gives its exit code. What was typed wrong ends as one sentence. */
const run = async (command: Command, work: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await work();
    // A connection that is being made would hold the process for up to a second more.
    if (process.exitCode === exitCodes.interrupted) process.exit();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (optionsOf<ServiceOptions>(command).json) print(usageJson(error.message));
    complain(`${error.message}\n${moreHelp}`);
    process.exitCode = exitCodes.refused;
  }
};

const pay = withServiceOptions(
  new Command('npm run pay --')
    .description('Pays reservations through the payment service and prints what became of each.')
    .usage('[options] --user <id> <reservations...>\n       npm run pay -- <command> [options]')
    .argument('<reservations...>', 'what to pay: id=amount, such as r-1=15000KRW')
    .option('--user <id>', 'who pays')
    .option('--request-id <uuid>', 'pays once however often the same request is sent; default: a new one'),
)
  .enablePositionalOptions()
  .helpCommand(true)
  .addHelpText('after', orderHelp)
  .addHelpText('afterAll', help)
  .configureOutput({
    outputError: (text, write) => {
      if (process.argv.includes('--json')) print(usageJson(text.trim()));
      write(text);
    },
  })
  .showHelpAfterError(moreHelp)
  .action((typed: string[], _options: unknown, command: Command) =>
    run(command, () => order(typed, optionsOf(command))),
  );

withServiceOptions(
  pay
    .command('refund')
    .description('pays a COMPLETED payment back, all of it')
    .argument('<payment-id>', 'its id, as `list` shows it')
    .option('--request-id <uuid>', 'gives the first answer again for the same request; default: a new one'),
).action((paymentId: string, _options: unknown, command: Command) =>
  run(command, () => refund(paymentId, optionsOf(command))),
);

withServiceOptions(
  pay.command('get').description('shows a payment').argument('<payment-id>', 'its id'),
).action((paymentId: string, _options: unknown, command: Command) =>
  run(command, () => get(paymentId, optionsOf(command))),
);

const listCommand = (
  name: string,
  description: string,
  work: (options: ListOptions) => Promise<number>,
): Command =>
  withServiceOptions(
    pay
      .command(name)
      .description(description)
      .option('--user <id>', 'only of this user')
      .option('--reservation <id>', 'only of this reservation')
      .option('--state <state>', `only in this state: ${Object.keys(states).join(', ')}`, state)
      .option('--since <time>', 'only from then on: 2026-01-31T12:00:00Z, or 30m, 2h, 7d ago')
      .option('--until <time>', 'only before then')
      .option('--limit <n>', 'how many at most', limitUpTo(10_000), 50)
      .option('--page-token <token>', 'go on where a list with the same filters ended'),
  ).action((_options: unknown, command: Command) => run(command, () => work(optionsOf(command))));

listCommand('list', 'the newest payments, newest first', list);
listCommand('history', 'the newest outcomes, newest first: a line for each state a payment came to', history);

await pay.parseAsync();
