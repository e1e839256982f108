import type { Secrets } from './leaks.ts';

/** The amounts paid, in minor units: so long that no time and no id holds them by chance. */
export const amounts = { KRW: 7_391_846_250_913n, USD: 8_264_193_750_577n } as const;

/** Who pays, and who calls. */
export const users = {
  good: 'u-sundew-payer',
  refused: 'u-foxglove-payer',
  unlucky: 'u-hemlock-payer',
} as const;

/** Passwords and tokens of the services. */
export const credentials = {
  database: 'pw-postgres-Vq83hTz',
  kafka: 'pw-kafka-Nd47xWs',
  authorizer: 'tok-authorizer-Lr92mKe',
} as const;

/** A number of minor units in all the ways in which people and programs write it. */
const formsOf = (minor: bigint, decimals: number): string[] => {
  const units = minor / 10n ** BigInt(decimals);
  const grouped = new Intl.NumberFormat('en').format(units);
  return [String(minor), ...(decimals === 0 ? [] : [String(units)]), grouped];
};

/** All that must not leave. @param webhook Slack's secret URL @param tokens bearer tokens of callers */
export function secretsOf({ webhook, tokens }: { webhook: string; tokens: readonly string[] }): Secrets {
  const { pathname } = new URL(webhook);
  return {
    "the webhook's path": [pathname, encodeURIComponent(pathname)],
    "the webhook's last part": [pathname.slice(pathname.lastIndexOf('/') + 1)],
    // Its signature is what makes it one, and its middle says who the caller is.
    'a bearer token': tokens.flatMap((token) => [token, ...token.split('.').slice(1)]),
    AUTHORIZER_TOKEN: [credentials.authorizer],
    "the database's password": [credentials.database],
    "Kafka's password": [credentials.kafka],
    'an amount': [...formsOf(amounts.KRW, 0), ...formsOf(amounts.USD, 2)],
    'a user id': Object.values(users),
  };
}
