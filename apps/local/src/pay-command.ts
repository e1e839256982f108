import { defaultPaymentAddress } from '@payments/contracts';

/** What one types to pay at this address, at the root of the repository and in any terminal. */
export function payCommand(address: string): string {
  const elsewhere = address === defaultPaymentAddress ? '' : `--address ${address} `;
  return `npm run pay -- ${elsewhere}--user u-1 r-1=15000KRW r-2=12.50USD`;
}
