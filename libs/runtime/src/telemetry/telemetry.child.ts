/**
 * A service in miniature for telemetry.int.spec.ts: one gRPC method that queries PostgreSQL, posts to a webhook and
 * logs. It calls itself once within the trace that it is given, after queries and requests that belong to no trace, and prints
 * which modules were patched.
 */
// eslint-disable-next-line no-restricted-imports -- what the preload does to grpc-js can be seen only in a process that uses it
import { Server, ServerCredentials, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
// eslint-disable-next-line no-restricted-imports -- as above
import type { ServiceDefinition, sendUnaryData } from '@grpc/grpc-js';
import { ROOT_CONTEXT, context, propagation } from '@opentelemetry/api';
import pg from 'pg';

import { createLog } from '../create-log.ts';
import { runUntilSignal } from '../run-until-signal.ts';

const [databaseUrl, webhook, traceparent] = process.argv.slice(2) as [string, string, string];
const identity = (bytes: Buffer) => bytes;
const service: ServiceDefinition = {
  Pay: {
    path: '/test.v1.TestService/Pay',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

const log = createLog('child');

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  return promise;
}

async function call(port: number): Promise<void> {
  const TestClient = makeGenericClientConstructor(service, 'TestService');
  const client = new TestClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const pay = client['Pay'] as (request: Buffer, done: sendUnaryData<Buffer>) => void;
  pay.call(client, Buffer.from('r-1'), (error) => (error ? reject(error) : resolve()));
  await promise;
  client.close();
}

await runUntilSignal(
  async () => {
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    const server = new Server();
    server.addService(service, {
      Pay: (_call: unknown, done: sendUnaryData<Buffer>) => {
        void (async () => {
          await database.query('select 1 as paid');
          await fetch(webhook, { method: 'POST', body: '{}' });
          log.info('paid');
          done(null, Buffer.from('ok'));
        })();
      },
    });
    await database.query('select 2 as polled');
    await fetch(webhook);
    const port = await listen(server);
    await context.with(propagation.extract(ROOT_CONTEXT, { traceparent }), () => call(port));
    server.forceShutdown();
    await database.end();
  },
  { log },
);
