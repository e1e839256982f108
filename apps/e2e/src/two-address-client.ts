import { randomUUID } from 'node:crypto';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { PaymentService, PaymentState } from '@payments/contracts';

/** What the calls of a client came to. */
export interface Told {
  calls: number;
  /** Calls that were answered UNAVAILABLE first. */
  retried: number;
  /** Ids of the payments that were answered COMPLETED. */
  completed: string[];
  /** Calls that failed, by what they were told. */
  failures: string[];
  /** Of those that were answered, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
}

/**
 * A gRPC client that is not grpc-js, and knows two instances. A call that is answered UNAVAILABLE is sent once more, with its
 * request id, to the other one.
 */
export interface TwoAddressClient {
  /** Pays a reservation, at this address first. @returns how often it was sent; 0 if it failed: see `told` */
  pay: (reservationId: string, address: string) => Promise<number>;
  /** Calls that wait for an answer of this address. */
  inFlight: (address: string) => number;
  told: () => Told;
}

/** Makes the client; it connects when it calls. */
export function openTwoAddressClient(addresses: readonly [string, string]): TwoAddressClient {
  const instances = addresses.map((address) => ({
    address,
    inFlight: 0,
    client: createClient(PaymentService, createGrpcTransport({ baseUrl: `http://${address}` })),
  }));
  type Instance = (typeof instances)[number];
  const told = { calls: 0, retried: 0, completed: [] as string[], failures: [] as string[] };
  const took: number[] = [];
  const payAt = async (instance: Instance, request: Request) => {
    instance.inFlight += 1;
    try {
      return (await instance.client.executePayments(request, { timeoutMs: 25_000 })).payments;
    } finally {
      instance.inFlight -= 1;
    }
  };
  const payOnce = async (order: Instance[], request: Request): Promise<number> => {
    const [first, second] = order as [Instance, Instance];
    const begun = performance.now();
    let tries = 1;
    const payments = await payAt(first, request).catch((error: unknown) => {
      if (!isUnavailable(error)) throw error;
      told.retried += 1;
      tries = 2;
      return payAt(second, request);
    });
    const [payment] = payments;
    if (payment?.state !== PaymentState.COMPLETED) throw new Error('the payment is not completed');
    told.completed.push(payment.paymentId);
    took.push(performance.now() - begun);
    return tries;
  };
  return {
    pay: async (reservationId, address) => {
      told.calls += 1;
      const order = instances.toSorted(
        (a, b) => Number(b.address === address) - Number(a.address === address),
      );
      return payOnce(order, requestFor(reservationId)).catch((error: unknown) => {
        told.failures.push(String(error));
        return 0;
      });
    },
    inFlight: (address) => instances.find((instance) => instance.address === address)?.inFlight ?? 0,
    told: () => {
      const sorted = took.toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
      return { ...told, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
  };
}

/**
 * A stream that is not sent any more, since GOAWAY came a moment before, is closed with REFUSED_STREAM by Node's own client.
 * gRPC calls that UNAVAILABLE (nothing was done); connect-node 2.2 calls it INTERNAL when Node tells it as an error.
 */
const isUnavailable = (error: unknown): boolean => {
  const { code, rawMessage } = ConnectError.from(error);
  return code === Code.Unavailable || rawMessage.endsWith('NGHTTP2_REFUSED_STREAM');
};

type Request = ReturnType<typeof requestFor>;

const requestFor = (reservationId: string) => ({
  requestId: randomUUID(),
  userId: 'u-1',
  reservations: [{ reservationId, amount: { currencyCode: 'KRW', units: 1_000n } }],
});
