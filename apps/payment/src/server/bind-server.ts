import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';

/**
 * Listens, and returns the real port.
 * @param options.variable where the address comes from, for the error
 * @throws an error that names the address and the variable when it cannot be listened on
 */
export const bindServer = async (options: {
  server: Server;
  listen: HostPort;
  credentials: ServerCredentials;
  variable: string;
}): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const address = formatHostPort(options.listen);
  options.server.bindAsync(address, options.credentials, (error, port) => {
    if (!error) return resolve(port);
    const message = `cannot serve gRPC on ${address} (${options.variable}): ${error.message}`;
    reject(new Error(message, { cause: error }));
  });
  return promise;
};
