/** The languages that the notifier speaks. */
export const languages = ['en', 'ko'] as const;
export type Language = (typeof languages)[number];

/** What one user pays: reservations with their amounts, as `npm run pay` takes them. */
export type Order = { user: string; reservations: Record<string, string> };

/** What is paid for the pictures of one language. */
export type Orders = {
  channel: string;
  /** Goes through, and is paid back in the end. */
  paid: Order;
  /** Above the limit. */
  declined: Order;
  /** Come while Slack takes nothing: they are told together. What `paid` has is in it again, and fails. */
  rush: Order[];
};

/** Above it the built-in authorizer declines (`PAYMENT_LIMIT`). */
export const paymentLimit = 'KRW=1000000,USD=1000,EUR=1000';

/** Nobody's data: ids alone, and round amounts. */
export const orders: Record<Language, Orders> = {
  en: {
    channel: 'payments',
    paid: { user: 'u-1042', reservations: { 'r-2031': '125.00USD' } },
    declined: { user: 'u-1187', reservations: { 'r-2032': '1250000KRW' } },
    rush: [
      { user: 'u-1042', reservations: { 'r-2040': '48000KRW', 'r-2041': '36000KRW' } },
      { user: 'u-1203', reservations: { 'r-2043': '219.90USD', 'r-2044': '1480.00USD' } },
      { user: 'u-1187', reservations: { 'r-2045': '89.00EUR', 'r-2046': '89.00EUR' } },
      { user: 'u-1260', reservations: { 'r-2047': '12.50USD', 'r-2031': '125.00USD' } },
      { user: 'u-1311', reservations: { 'r-2048': '156000KRW' } },
    ],
  },
  ko: {
    channel: '결제',
    paid: { user: 'u-1042', reservations: { '예약-2031': '15000KRW' } },
    declined: { user: 'u-1187', reservations: { '예약-2032': '1250000KRW' } },
    rush: [
      { user: 'u-1042', reservations: { '예약-2040': '48000KRW', '예약-2041': '36000KRW' } },
      { user: 'u-1203', reservations: { '예약-2043': '219.90USD', '예약-2044': '1480.00USD' } },
      { user: 'u-1187', reservations: { '예약-2045': '89000KRW', '예약-2046': '89000KRW' } },
      { user: 'u-1260', reservations: { '예약-2047': '12500KRW', '예약-2031': '15000KRW' } },
      { user: 'u-1311', reservations: { '예약-2048': '156000KRW' } },
    ],
  },
};
