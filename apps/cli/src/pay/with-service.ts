import { openPaymentClient, readRpcError } from '@payments/contracts';
import type { CallOptions, PaymentClient, RpcError } from '@payments/contracts';
import { readCliConfig } from '../config.ts';
import type { CliConfig } from '../config.ts';
import { complain, json, print } from '../terminal/output.ts';
import { durationText } from '../terminal/texts.ts';
import { UsageError } from '../usage-error.ts';
import { exitCodes } from './exit-codes.ts';
import { briefly, explainFailure, howToRepeat } from './explain-failure.ts';
import type { Attempt } from './explain-failure.ts';
import { findAddress } from './find-address.ts';
import { readTls } from './read-tls.ts';
import type { TlsOptions } from './read-tls.ts';
import { readToken } from './read-token.ts';
import { persist } from './retry.ts';
import { traceCommand } from './trace-command.ts';

/** What every `pay` command is told. */
export type ServiceOptions = TlsOptions & {
  address?: string;
  tokenFile?: string;
  /** Seconds for all of it. */
  timeout?: number;
  json?: boolean;
};

/** Makes one call of the service, again if that may help. */
export type Ask = <Reply>(
  call: (client: PaymentClient, options: CallOptions) => Promise<Reply>,
) => Promise<Reply>;

/** Seconds that a command may take unless told otherwise. */
export const usualTimeout = 30;

/** grpc-js itself waits ever longer, up to two minutes, before it looks again whether somebody is there. */
const channel = { 'grpc.initial_reconnect_backoff_ms': 500, 'grpc.max_reconnect_backoff_ms': 1_000 };

/**
 * Does something with the payment service that the options name, prints why if it fails, and returns the exit code.
 * Ctrl-C ends it at once. All of it is one trace.
 * @throws UsageError for what was typed or set wrongly
 */
export const withService = async (
  options: ServiceOptions,
  what: Pick<Attempt, 'deed' | 'requestId' | 'reservations'>,
  use: (ask: Ask) => Promise<number>,
): Promise<number> => {
  const config = readCliConfig(process.env);
  const { client, ...target } = await open(options, config);
  const attempt: Attempt = { ...what, ...target };
  using _closed = client;
  return await traceCommand(`pay ${what.deed}`, config, () => attend(client, attempt, options, use));
};

const attend = async (
  client: PaymentClient,
  attempt: Attempt,
  options: ServiceOptions,
  use: (ask: Ask) => Promise<number>,
): Promise<number> => {
  using interrupt = untilInterrupted();
  const { signal } = interrupt;
  const deadline = performance.now() + (options.timeout ?? usualTimeout) * 1_000;
  const tell = progress(attempt);
  try {
    return await use((call) => persist({ call: (how) => call(client, how), deadline, signal, tell }));
  } catch (thrown) {
    if (signal.aborted) return interrupted(attempt, options);
    const error = readRpcError(thrown);
    if (!error) throw thrown;
    return failed(error, attempt, options);
  }
};

const open = async (options: ServiceOptions, config: CliConfig) => {
  const address = await findAddress(options.address, config);
  const tls = readTls(options, config);
  const token = readToken(options.tokenFile, config);
  try {
    const client = openPaymentClient({ address, channel, ...(tls && { tls }), ...(token && { token }) });
    return { client, address, tls: tls !== undefined };
  } catch (error) {
    // A token that would go in the clear, a key that is not that of the certificate.
    throw new UsageError(`${(error as Error).message} (--tls, --tls-ca, --tls-cert, --tls-key)`, {
      cause: error,
    });
  }
};

/** Aborted by the first Ctrl-C; a second one ends the process as ever. */
const untilInterrupted = (): Disposable & { signal: AbortSignal } => {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off('SIGINT', abort) };
};

/** Tells why a call is made again, once for each reason. */
const progress = (attempt: Attempt) => {
  let told = '';
  return (error: RpcError, leftMs: number): void => {
    const line = briefly(error, attempt);
    if (line !== told) complain(`${line}\nTrying again for up to ${durationText(leftMs)}; Ctrl-C ends it.`);
    told = line;
  };
};

const failed = (error: RpcError, attempt: Attempt, options: ServiceOptions): number => {
  const { requestId } = attempt;
  if (options.json) print(json({ error: { ...error, ...(requestId !== undefined && { requestId }) } }));
  else complain(explainFailure(error, attempt));
  return exitCodes.refused;
};

const interrupted = (attempt: Attempt, options: ServiceOptions): number => {
  const { requestId } = attempt;
  if (options.json)
    print(
      json({
        error: { code: 'INTERRUPTED', message: 'Ctrl-C', ...(requestId !== undefined && { requestId }) },
      }),
    );
  else if (requestId !== undefined)
    complain(`Interrupted: it may have been carried out all the same. ${howToRepeat(attempt)}`);
  return exitCodes.interrupted;
};
