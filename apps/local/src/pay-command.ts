/** Where `pay` looks when nothing tells it another address. */
const usualAddress = '127.0.0.1:50051';

/** What one types to pay at this address, at the root of the repository and in any terminal. */
export function payCommand(address: string): string {
  const elsewhere = address === usualAddress ? '' : `--address ${address} `;
  return `npm run pay -- ${elsewhere}--user u-1 r-1=15000KRW r-2=12.50USD`;
}
