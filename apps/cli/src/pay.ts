import { randomUUID } from 'node:crypto';
import { toJson } from '@bufbuild/protobuf';
import {
  defaultPaymentAddress,
  ExecutePaymentsResponseSchema,
  openPaymentClient,
  PaymentState,
  readRpcError,
} from '@payments/contracts';
import { Command } from 'commander';
import { readCliConfig } from './config.ts';
import { explainFailure } from './explain-failure.ts';
import { findAddress } from './find-address.ts';
import { readReservation } from './read-reservation.ts';
import { showPayments } from './show-payments.ts';
import { UsageError } from './usage-error.ts';

/** How `pay` ends. */
const exitCodes = { allCompleted: 0, refused: 1, someNotCompleted: 2 };

const help = `
Examples:
  npm run pay -- --user u-1 r-1=15000KRW r-2=12.50USD
  npm run pay -- --user u-1 --request-id 3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f r-1=15000KRW

The last "=" parts id and amount, so an id may hold one. An id that begins with "-" stands after "--".

Address: --address, else PAYMENT_ADDRESS, else the system that \`npm start\` runs (its state folder
is LOCAL_STATE_DIR, else .local), else ${defaultPaymentAddress}.

Exit codes:
  0  every payment is COMPLETED
  1  nothing was paid: the request was refused (each bad field is named), what was typed is wrong, or the service
     cannot be reached; or the outcome is not known, which is said
  2  the request was carried out, and some payments are not COMPLETED
`;

/** Said after whatever was typed wrong. */
const moreHelp = '(--help explains)';

type Options = { user: string; address?: string; requestId?: string; json: boolean };

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Pays, prints and returns the exit code. */
const pay = async (typed: readonly string[], options: Options): Promise<number> => {
  const reservations = typed.map(readReservation);
  const address = await findAddress(options.address, readCliConfig(process.env));
  const requestId = options.requestId ?? randomUUID();
  using client = openPaymentClient({ address });
  try {
    const reply = await client.executePayments({ requestId, userId: options.user, reservations });
    const { payments } = reply;
    print(
      options.json
        ? JSON.stringify(toJson(ExecutePaymentsResponseSchema, reply), null, 2)
        : showPayments(payments),
    );
    const completed = payments.every(({ state }) => state === PaymentState.COMPLETED);
    return completed ? exitCodes.allCompleted : exitCodes.someNotCompleted;
  } catch (thrown) {
    const error = readRpcError(thrown);
    if (!error) throw thrown;
    if (options.json) print(JSON.stringify({ error: { ...error, requestId } }, null, 2));
    else complain(explainFailure(error, { address, requestId, reservations: typed }));
    return exitCodes.refused;
  }
};

await new Command('npm run pay --')
  .description('Pays reservations through the payment service and prints what became of each.')
  .argument('<reservations...>', 'what to pay: id=amount, such as r-1=15000KRW')
  .requiredOption('--user <id>', 'who pays')
  .option('--address <host:port>', 'where the payment service is')
  .option('--request-id <uuid>', 'pays once however often the same request is sent; default: a new one')
  .option('--json', 'print JSON instead of a table', false)
  .addHelpText('after', help)
  .showHelpAfterError(moreHelp)
  .action(async (typed: string[], options: Options) => {
    try {
      process.exitCode = await pay(typed, options);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      complain(`${error.message}\n${moreHelp}`);
      process.exitCode = exitCodes.refused;
    }
  })
  .parseAsync();
