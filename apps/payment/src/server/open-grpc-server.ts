import type { Socket } from 'node:net';
import { logVerbosity, Server, setLogVerbosity } from '@grpc/grpc-js';
import type { ServerCredentials, ServerInterceptor, ServerOptions } from '@grpc/grpc-js';
import { isPaymentMethod, paymentServiceDefinition } from '@payments/contracts';
import type { PaymentHandlers } from '@payments/contracts';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import type { Admission } from './admission.ts';
import { longestCallMs } from '../call/call-context.ts';
import { drain } from './drain.ts';
import { explainStatus } from './explain-status.ts';
import { ignoreDeadStreams } from './http2-servers.ts';
import { watchSessions } from './http2-sessions.ts';
import { listenTcp } from './listen-tcp.ts';
import { measureAdmission } from './measure-admission.ts';
import { observeCalls } from './observe-calls.ts';
import { openHealthListener } from './open-health-listener.ts';
import { receiveCalls } from './receive-calls.ts';
import { serveHealth } from './serve-health.ts';
import { answerUnknownMethods } from './unknown-method.ts';

/** A listening server. Disposing it drains: nothing new is taken, calls in progress are finished, then it closes. */
export type GrpcServer = AsyncDisposable & {
  /** The real address, `host:port`, also when port 0 was asked for. */
  address: string;
  /** The real address of the listener with the health service alone, if there is one. */
  healthAddress?: string;
  /** What the standard health service says, for the whole server and for the payment service. NOT_SERVING at first. */
  setServing(serving: boolean): void;
};

/** HTTP/2's connection preface; a TLS handshake begins with more. */
const prefaceBytes = 24;

/** The bounds of a connection. */
const serverOptions: ServerOptions = {
  // An order of 100 reservations with the longest ids is below 100 kB. Reading costs time of everybody: half a million empty
  // reservations, 1 kB when packed, are 1 MiB and half a second.
  'grpc.max_receive_message_length': 256 * 1024,
  // Streams at a time of one connection; further ones wait at the client.
  'grpc.max_concurrent_streams': 200,
  // MB that a peer which reads nothing can make one connection hold.
  'grpc-node.max_session_memory': 32,
  'grpc.max_connection_idle_ms': 300_000,
  // A peer that has gone without a word is found by a ping.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Nobody asks for its figures, and it keeps some for each connection.
  'grpc.enable_channelz': 0,
};

/**
 * Serves `payment.v1.PaymentService` with the standard health service and, if asked for, reflection.
 * @param options.maxConnectionAgeMs default half an hour
 * @throws an error that names the address when it cannot be listened on
 */
export const openGrpcServer = async (options: {
  listen: HostPort;
  /** A second listener, in the clear, with the health service alone. */
  healthListen?: HostPort;
  credentials: ServerCredentials;
  /** Let callers in, before one counts among those whose requests are on their way: strangers take nobody's place. */
  interceptors: ServerInterceptor[];
  reflection: boolean;
  handlers: PaymentHandlers;
  admission: Admission;
  maxConnectionAgeMs?: number;
  log?: (line: string) => void;
}): Promise<GrpcServer> => {
  const { listen, healthListen, admission, maxConnectionAgeMs = 1_800_000, log = () => undefined } = options;
  // It writes headers that it cannot read to stderr, tokens among them.
  setLogVerbosity(logVerbosity.NONE);
  const calls = receiveCalls({ admission, isCounted: isPaymentMethod });
  const server = new Server({
    ...serverOptions,
    interceptors: [observeCalls(), explainStatus, ...options.interceptors, calls.interceptor],
  });
  const health = serveHealth();
  health.addTo(server);
  server.addService(paymentServiceDefinition, options.handlers);
  // Loaded where it is wanted: production has none.
  if (options.reflection) (await import('./reflection.ts')).paymentReflection().addToServer(server);
  answerUnknownMethods(server);
  const connections = server.createConnectionInjector(options.credentials);
  ignoreDeadStreams(server);
  const age = { maxAgeMs: maxConnectionAgeMs, graceMs: longestCallMs + 5_000 };
  const sessions = watchSessions(server, age);
  const accept = (socket: Socket) => connections.injectConnection(socket);
  const listener = await listenTcp({ listen, greetingBytes: prefaceBytes, accept, log });
  const measured = measureAdmission(admission);
  const healthListener = healthListen && (await openHealthListener(healthListen, health));
  return {
    address: formatHostPort({ host: listen.host, port: listener.port }),
    ...(healthListener && { healthAddress: healthListener.address }),
    setServing: health.setServing,
    [Symbol.asyncDispose]: async () => {
      health.setServing(false);
      await drain({ server, listener, sessions, admission, calls, log });
      measured[Symbol.dispose]();
      await healthListener?.[Symbol.asyncDispose]();
    },
  };
};
