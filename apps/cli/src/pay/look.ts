import { toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  GetPaymentResponseSchema,
  PaymentHistoryEntrySchema,
  PaymentSchema,
  PaymentState,
} from '@payments/contracts';
import type {
  CallOptions,
  ListPaymentsRequest,
  Payment,
  PaymentClient,
  PaymentHistoryEntry,
} from '@payments/contracts';
import { readTime } from '../read-time.ts';
import { complain, json, print } from '../terminal/output.ts';
import { strangersText } from '../terminal/texts.ts';
import { exitCodes } from './exit-codes.ts';
import { listPages } from './list-pages.ts';
import type { Page } from './list-pages.ts';
import { showList, showPayment } from './show-payments.ts';
import { withService } from './with-service.ts';
import type { ServiceOptions } from './with-service.ts';

/** What the lists are told. */
export type ListOptions = ServiceOptions & {
  user?: string;
  reservation?: string;
  state?: PaymentState;
  since?: string;
  until?: string;
  limit: number;
  pageToken?: string;
};

/** Prints one payment. */
export const get = (paymentId: string, options: ServiceOptions): Promise<number> =>
  withService(options, { deed: 'look' }, async (ask) => {
    const reply = await ask((client, how) => client.getPayment({ paymentId }, how));
    if (options.json) print(json(toJson(GetPaymentResponseSchema, reply)));
    else if (reply.payment) print(showPayment(reply.payment));
    return exitCodes.done;
  });

/** Both lists take the same request. */
type Request = Omit<ListPaymentsRequest, '$typeName' | '$unknown'>;

/** What tells one list from the other. */
type List<Item> = {
  /** As it is called in JSON. */
  name: string;
  page: (client: PaymentClient, request: Request, how: CallOptions) => Promise<Page<Item>>;
  itemJson: (item: Item) => JsonValue;
};

/** Prints payments, the newest first. */
export const list = (options: ListOptions): Promise<number> =>
  printPages<Payment>(options, {
    name: 'payments',
    page: async (client, request, how) => {
      const { payments, nextPageToken } = await client.listPayments(request, how);
      return { items: payments, nextPageToken };
    },
    itemJson: (payment) => toJson(PaymentSchema, payment),
  });

/** Prints outcomes, the newest first. */
export const history = (options: ListOptions): Promise<number> =>
  printPages<PaymentHistoryEntry>(options, {
    name: 'entries',
    page: async (client, request, how) => {
      const { entries, nextPageToken } = await client.listPaymentHistory(request, how);
      return { items: entries, nextPageToken };
    },
    itemJson: (entry) => toJson(PaymentHistoryEntrySchema, entry),
  });

const printPages = <Item extends Payment | PaymentHistoryEntry>(
  options: ListOptions,
  { name, page, itemJson }: List<Item>,
): Promise<number> => {
  const times = timesOf(options, new Date());
  const filters = filtersOf(options, times);
  const { limit, pageToken = '' } = options;
  return withService(options, { deed: 'look' }, async (ask) => {
    const { items, nextPageToken } = await listPages<Item>({
      limit,
      pageToken,
      page: (asked) => ask((client, how) => page(client, { ...filters, ...asked }, how)),
    });
    if (options.json) print(json({ [name]: items.map(itemJson), nextPageToken }));
    else print(items.length === 0 ? 'none fits' : showList(items));
    // Beside the table, not in it: standard output holds what was asked for, and nothing else.
    if (nextPageToken !== '' && !options.json) complain(howToGoOn(nextPageToken, times));
    return exitCodes.done;
  });
};

type Times = { since?: Date; until?: Date };

const timesOf = ({ since, until }: ListOptions, now: Date): Times => ({
  ...(since !== undefined && { since: readTime('--since', since, now) }),
  ...(until !== undefined && { until: readTime('--until', until, now) }),
});

const filtersOf = (
  { user, reservation, state }: ListOptions,
  { since, until }: Times,
): Omit<Request, 'pageSize' | 'pageToken'> => ({
  userId: user ?? '',
  reservationId: reservation ?? '',
  state: state ?? PaymentState.UNSPECIFIED,
  ...(since && { createTimeFrom: timestampFromDate(since) }),
  ...(until && { createTimeUntil: timestampFromDate(until) }),
});

/** A token is for the very filters it was given for: `2h` ago is another time in a minute. */
const howToGoOn = (token: string, times: Times): string => {
  const fixed = Object.entries(times).map(([name, time]) => ` --${name} ${time.toISOString()}`);
  const asRead = fixed.length > 0 ? `, their times as${fixed.join('')}` : '';
  return `There are more: go on with the same filters${asRead} and --page-token ${strangersText(token, 1_000)}`;
};
