import { Server, ServerCredentials } from '@grpc/grpc-js';
import { PaymentService, paymentServiceDefinition } from '@payments/contracts';
import type { PaymentHandlers } from '@payments/contracts';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { HealthImplementation } from 'grpc-health-check';
import { paymentReflection } from './reflection.ts';

/** A listening server. Disposing it drains: nothing new is taken, calls in progress are finished, then it closes. */
export type GrpcServer = AsyncDisposable & {
  /** The real address, `host:port`, also when port 0 was asked for. */
  address: string;
  /** What the standard health service says, for the whole server and for the payment service. NOT_SERVING at first. */
  setServing(serving: boolean): void;
};

/** How long calls in progress may take to finish once the server is drained, in milliseconds. */
const drainMs = 8_000;

/** An order of 100 reservations with the longest ids is below 200 kB. */
const maxRequestBytes = 1024 * 1024;

/**
 * Serves `payment.v1.PaymentService` with the standard health service and, if asked for, reflection.
 * @throws an error that names the address when it cannot be listened on
 */
export const openGrpcServer = async (options: {
  listen: HostPort;
  reflection: boolean;
  handlers: PaymentHandlers;
  log?: (line: string) => void;
}): Promise<GrpcServer> => {
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes });
  const health = new HealthImplementation();
  const setServing = (serving: boolean) => {
    const status = serving ? 'SERVING' : 'NOT_SERVING';
    for (const service of ['', PaymentService.typeName]) health.setStatus(service, status);
  };
  setServing(false);
  server.addService(paymentServiceDefinition, options.handlers);
  health.addToServer(server);
  if (options.reflection) paymentReflection().addToServer(server);
  const port = await bind(server, options.listen);
  return {
    address: formatHostPort({ host: options.listen.host, port }),
    setServing,
    [Symbol.asyncDispose]: async () => {
      setServing(false);
      await drain(server, options.log ?? (() => undefined));
    },
  };
};

const bind = async (server: Server, listen: HostPort): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const address = formatHostPort(listen);
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
    if (error)
      reject(new Error(`cannot serve gRPC on ${address} (GRPC_LISTEN): ${error.message}`, { cause: error }));
    else resolve(port);
  });
  return promise;
};

/** `tryShutdown` waits for every stream, also for watchers of the health service, which never end: so it is bounded. */
const drain = async (server: Server, log: (line: string) => void): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log(`calls were still in progress after ${drainMs} ms and are cut off`);
    server.forceShutdown();
    resolve();
  }, drainMs);
  server.tryShutdown(() => resolve());
  await promise;
  clearTimeout(timer);
};
