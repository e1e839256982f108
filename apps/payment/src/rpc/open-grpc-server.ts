import { Server } from '@grpc/grpc-js';
import type { ServerCredentials, ServerInterceptor } from '@grpc/grpc-js';
import { PaymentService, paymentServiceDefinition } from '@payments/contracts';
import type { PaymentHandlers } from '@payments/contracts';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { HealthImplementation } from 'grpc-health-check';
import { bindServer } from './bind-server.ts';
import { openHealthListener } from './open-health-listener.ts';
import { paymentReflection } from './reflection.ts';

/** A listening server. Disposing it drains: nothing new is taken, calls in progress are finished, then it closes. */
export type GrpcServer = AsyncDisposable & {
  /** The real address, `host:port`, also when port 0 was asked for. */
  address: string;
  /** The real address of the listener with the health service alone, if there is one. */
  healthAddress?: string;
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
  /** A second listener, in the clear, with the health service alone. */
  healthListen?: HostPort;
  credentials: ServerCredentials;
  /** Lets callers in; the first of them is the first to see a call. */
  interceptors: ServerInterceptor[];
  reflection: boolean;
  handlers: PaymentHandlers;
  log?: (line: string) => void;
}): Promise<GrpcServer> => {
  const { listen, healthListen, credentials, interceptors } = options;
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes, interceptors });
  const health = new HealthImplementation();
  const setServing = (serving: boolean) => {
    const status = serving ? 'SERVING' : 'NOT_SERVING';
    for (const service of ['', PaymentService.typeName]) health.setStatus(service, status);
  };
  setServing(false);
  server.addService(paymentServiceDefinition, options.handlers);
  health.addToServer(server);
  if (options.reflection) paymentReflection().addToServer(server);
  const port = await bindServer({ server, listen, credentials, variable: 'GRPC_LISTEN' });
  const healthListener = healthListen && (await openHealthListener(healthListen, health));
  return {
    address: formatHostPort({ host: listen.host, port }),
    ...(healthListener && { healthAddress: healthListener.address }),
    setServing,
    [Symbol.asyncDispose]: async () => {
      setServing(false);
      await drain(server, options.log ?? (() => undefined));
      await healthListener?.[Symbol.asyncDispose]();
    },
  };
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
