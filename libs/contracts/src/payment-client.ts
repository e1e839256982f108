import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Client, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions, ClientOptions, MethodDefinition } from '@grpc/grpc-js';
import { bearerMetadata, channelCredentials, isLocal } from './client-credentials.ts';
import type { ClientTls } from './client-credentials.ts';
import { PaymentService } from './generated/payment/v1/payment_service_pb.js';
import { paymentServiceDefinition } from './payment-service-definition.ts';
import type { PaymentMethods } from './payment-service-definition.ts';
import { traceCalls } from './trace-calls.ts';

/** `host:port` where the payment service listens, and its clients look for it, unless they are told otherwise. */
export const defaultPaymentAddress = '127.0.0.1:50051';

/** How one call is made. */
export type CallOptions = {
  /** Milliseconds until the call is given up with DEADLINE_EXCEEDED. Default 30 000. */
  timeoutMs?: number;
  /** Ends the call with CANCELLED. */
  signal?: AbortSignal;
  /** Headers of the call. */
  metadata?: Metadata;
};

/**
 * Calls `payment.v1.PaymentService`. Every method resolves with the reply or rejects with a grpc-js `ServiceError`,
 * which `readRpcError` reads. `close` gives the connection back; so does `using`.
 */
export type PaymentClient = Disposable & {
  [Name in keyof PaymentMethods]: (
    request: MessageInitShape<PaymentMethods[Name]['input']>,
    options?: CallOptions,
  ) => Promise<MessageShape<PaymentMethods[Name]['output']>>;
} & { close(): void };

/** Where the service is, and how to speak to it. */
export type PaymentClientOptions = {
  /** `host:port`. */
  address: string;
  /** Encrypts the connection: `{}` trusts who this machine trusts. Default: in the clear. */
  tls?: ClientTls;
  /** A bearer token that goes with every call. Without TLS it is sent within this machine alone. */
  token?: string;
  /** Instead of `tls`: credentials of grpc-js. */
  credentials?: ChannelCredentials;
  /** grpc-js channel options. */
  channel?: ChannelOptions;
};

type Definition = MethodDefinition<MessageShape<DescMessage>, MessageShape<DescMessage>>;

const call = (
  client: Client,
  definition: Definition,
  request: MessageShape<DescMessage>,
  { timeoutMs = 30_000, signal, metadata = new Metadata() }: CallOptions,
) =>
  new Promise<MessageShape<DescMessage>>((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = definition;
    const options = { deadline: Date.now() + timeoutMs };
    const cancel = () => started.cancel();
    const started = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, reply) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(error);
        else if (reply) resolve(reply);
      },
    );
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });

/** The call's own headers go before the client's. */
const withHeaders = (headers: Metadata, options: CallOptions): CallOptions => {
  const metadata = headers.clone();
  for (const key of Object.keys(options.metadata?.getMap() ?? {})) metadata.remove(key);
  if (options.metadata) metadata.merge(options.metadata);
  return { ...options, metadata };
};

/** grpc-js goes to `localhost` by way of `http_proxy`, too: a token would leave this machine in the clear. */
const clientOptions = ({ address, channel = {} }: PaymentClientOptions): ClientOptions => ({
  ...channel,
  ...(isLocal(address) && { 'grpc.enable_http_proxy': 0 }),
  interceptors: [traceCalls(address)],
});

/**
 * Makes a typed client of the payment service. It connects at its first call. In a process that makes traces each call is
 * a span, which the service's continue.
 * @throws Error for a token that would leave this machine in the clear, and for a certificate or key that is none
 */
export const openPaymentClient = (options: PaymentClientOptions): PaymentClient => {
  const client = new Client(
    options.address,
    options.credentials ?? channelCredentials(options.tls),
    clientOptions(options),
  );
  const headers = bearerMetadata(options);
  const definitions = paymentServiceDefinition as Record<string, Definition>;
  const methods = PaymentService.methods.map(({ localName, input }) => [
    localName,
    (request: MessageInitShape<DescMessage>, callOptions: CallOptions = {}) =>
      call(
        client,
        definitions[localName] as Definition,
        create(input, request),
        withHeaders(headers, callOptions),
      ),
  ]);
  const close = () => client.close();
  return { ...Object.fromEntries(methods), close, [Symbol.dispose]: close } as PaymentClient;
};
