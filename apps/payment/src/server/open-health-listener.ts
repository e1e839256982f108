import { Server, ServerCredentials } from '@grpc/grpc-js';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { bindServer } from './bind-server.ts';
import { ignoreDeadStreams } from './http2-servers.ts';
import type { ServingHealth } from './serve-health.ts';

/**
 * A second listener, in the clear, on which `grpc.health.v1` alone answers: kubelet's probe speaks no TLS and has no
 * certificate. It tells what the main one tells.
 * @throws an error that names the address when it cannot be listened on
 */
export const openHealthListener = async (
  listen: HostPort,
  health: Pick<ServingHealth, 'addTo'>,
): Promise<AsyncDisposable & { address: string }> => {
  // A request is the name of a service.
  const server = new Server({ 'grpc.max_receive_message_length': 1_024, 'grpc.max_concurrent_streams': 100 });
  health.addTo(server);
  const credentials = ServerCredentials.createInsecure();
  const port = await bindServer({ server, listen, credentials, variable: 'GRPC_HEALTH_LISTEN' });
  ignoreDeadStreams(server);
  return {
    address: formatHostPort({ host: listen.host, port }),
    [Symbol.asyncDispose]: () => {
      // Those who watch never end their call by themselves.
      server.forceShutdown();
      return Promise.resolve();
    },
  };
};
