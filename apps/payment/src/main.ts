import { migrateOutbox, openWaker } from '@payments/outbox/writer';
import type { Waker } from '@payments/outbox/writer';
import { createLog, openHealth, runUntilSignal, waitFor } from '@payments/runtime';
import { authenticateBy } from './access/authenticate.ts';
import { authenticationInterceptor } from './access/authentication-interceptor.ts';
import { openServerCredentials } from './access/server-credentials.ts';
import { readPaymentConfig } from './config.ts';
import { migratePayment } from './database/migrate-payment.ts';
import { closeDatabase, openDatabase } from './database/open-database.ts';
import { logConsole } from './log-console.ts';
import { measureTasks } from './task/measure-tasks.ts';
import { openOutcomes } from './tell-outcome.ts';
import { openHttpGateway } from './gateway/open-http-gateway.ts';
import { startRecovery } from './recover/recovery.ts';
import type { Recovery } from './recover/recovery.ts';
import { warnOfTasksLeft } from './recover/warn-of-tasks-left.ts';
import { cleanRequests } from './request-id/clean-requests.ts';
import { openAdmission } from './server/admission.ts';
import { openGrpcServer } from './server/open-grpc-server.ts';
import { paymentHandlers } from './rpc/payment-handlers.ts';
import { watchDatabase } from './database/watch-database.ts';

const log = createLog('payment');
const line = (text: string) => log.info(text);

await runUntilSignal(
  async (stop) => {
    const config = readPaymentConfig(process.env);
    using _console = logConsole(log);
    const { databaseUrl, grpc, http, limits, tokens } = config;
    const migrate = async (within: { answerWithinMs?: number } = {}) => {
      await migrateOutbox({ databaseUrl, log: line, ...within });
      await migratePayment({ databaseUrl, log: line, ...within });
    };
    // A migration takes as long as it takes.
    if (process.argv.includes('--migrate-only')) return await migrate({ answerWithinMs: 0 });
    const database = openDatabase({ databaseUrl, log: line });
    const gateway = config.gateway && openHttpGateway(config.gateway, log);
    // Of its own circuit: recovery asks again what has failed before, which must not shut the gateway to the calls.
    const gatewayOfRecovery = config.gateway && openHttpGateway(config.gateway, log);
    /** Holds the waker once the schema is there; until then the service is not ready. */
    const started: { waker?: Waker; recovery?: Recovery } = {};
    const wake = () => started.waker?.wake();

    await using closing = new AsyncDisposableStack();
    closing.defer(() => closeDatabase({ database, withinMs: 3_000, log: line }));
    closing.defer(() => started.waker?.[Symbol.asyncDispose]());
    closing.use(gateway);
    closing.use(gatewayOfRecovery);
    const health = closing.use(await openHealth({ ...http, parts: ['postgres'], stop }));
    closing.use(measureTasks({ database }));
    const tell = openOutcomes(log);
    const admission = openAdmission(grpc.maxConcurrency);
    const handlers = paymentHandlers({
      admission,
      database,
      limits,
      gateway,
      log,
      tell,
      isReady: () => started.waker !== undefined,
      wake,
      wakeRecovery: () => started.recovery?.wake(),
    });
    const credentials = await openServerCredentials({ files: grpc.tls, log, stop });
    const interceptors = [authenticationInterceptor({ authenticate: authenticateBy({ tokens, log }), log })];
    const server = closing.use(
      await openGrpcServer({ ...grpc, credentials, interceptors, admission, handlers, log: line }),
    );
    const addresses = { http: health.address, grpc: server.address, grpcHealth: server.healthAddress };
    // Whether, never with what: addresses may hold secrets.
    const configured = { tls: !!grpc.tls, tokens: !!tokens, gateway: !!gateway };
    log.info({ ...addresses, ...configured }, 'listening');

    const connect = async () => {
      await migrate();
      await warnOfTasksLeft(database, gateway, log);
      return openWaker({ databaseUrl, log: line });
    };
    started.waker = await waitFor('postgres', connect, { stop, log, health });
    if (gatewayOfRecovery)
      started.recovery = closing.use(
        startRecovery({ database, gateway: gatewayOfRecovery, log, tell, wake }),
      );
    server.setServing(true);
    log.info('ready');

    const report = (reason: string | undefined) => {
      if (reason === undefined) health.ready('postgres');
      else health.notReady('postgres', reason);
      server.setServing(reason === undefined);
      log.warn({ reason }, reason === undefined ? 'postgres is back' : 'postgres is away');
    };
    const retentionMs = config.requestRetentionHours * 3_600_000;
    await Promise.all([
      watchDatabase({ database, report, stop }),
      cleanRequests({ database, retentionMs, stop, log }),
    ]);
  },
  { log },
);
