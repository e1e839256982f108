import { defaultPaymentAddress } from '@payments/contracts';
import type { CliConfig } from '../config.ts';
import { readStack } from '../read-stack.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Where the payment service is: what was asked for, else `PAYMENT_ADDRESS`, else the running local system, else the
 * default. @throws UsageError when the address is not `host:port`
 */
export const findAddress = async (
  option: string | undefined,
  config: Pick<CliConfig, 'paymentAddress' | 'stackFile'>,
): Promise<string> => {
  if (option !== undefined) return checked('--address', option);
  if (config.paymentAddress !== undefined) return checked('PAYMENT_ADDRESS', config.paymentAddress);
  return (await localAddress(config.stackFile)) ?? defaultPaymentAddress;
};

const checked = (name: string, address: string): string => {
  if (/^(\[[0-9a-f:.]+\]|[^:\s/]+):\d{1,5}$/i.test(address)) return address;
  throw new UsageError(`${name} is "${address}": it must be host:port, such as ${defaultPaymentAddress}`);
};

/** `payment` is null while only the servers run. */
const localAddress = async (stackFile: string): Promise<string | undefined> => {
  const address = (await readStack(stackFile)).payment?.grpc;
  return typeof address === 'string' ? address : undefined;
};
