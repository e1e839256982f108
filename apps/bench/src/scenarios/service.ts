import { randomUUID } from 'node:crypto';
import { openPaymentClient, PaymentState } from '@payments/contracts';
import type { PaymentClient } from '@payments/contracts';
import type { BenchDatabase } from '../ground/ground.ts';
import { checkRows, emptyTables, paymentDatabase } from '../ground/payment-database.ts';
import { startService } from '../ground/start-service.ts';
import type { BenchService } from '../ground/start-service.ts';
import { inTurns } from '../measure/in-turns.ts';
import { keepInFlight } from '../measure/keep-in-flight.ts';
import type { Pace } from '../measure/keep-in-flight.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';
import { ofPayments, ofRates, paceFigures, unitOfFive, unitOfWork, writeFor } from './writer.ts';

/** How many calls are under way at a time. */
const callsInFlight = 32;

/** What is left of the rate of the unit of work once there is a service around it. */
export const service: Scenario = {
  name: 'service',
  says: `\`ExecutePayments\` over gRPC, ${callsInFlight} calls in flight, against the payment service, beside its unit of work alone.`,
  run: measureService,
};

async function measureService(bench: Bench): Promise<Outcome> {
  const { ground, rounds, quick, stop } = bench;
  const forMs = quick ? 1_500 : 10_000;
  await using database = await paymentDatabase(ground);
  await using service = await startService(ground, { app: 'payment', databaseUrl: database.url });
  using client = openPaymentClient({ address: service.grpc });
  const write = (system: typeof unitOfWork) => () => writeFor(bench, { database, system, forMs });
  const call = (reservations: number) => () =>
    callFor(bench, { database, service, client, reservations, forMs });
  const [alone = [], single = [], fiveAlone = [], five = []] = await inTurns({
    systems: [write(unitOfWork), call(1), write(unitOfFive), call(5)],
    ...{ rounds, stop, warmUps: quick ? 0 : 1 },
    measure: (measure) => measure(),
  });
  return {
    figures: [
      ...paceFigures(unitOfWork.name, alone),
      ...callFigures('1 reservation a call', single),
      ...paceFigures(unitOfFive.name, fiveAlone),
      ...callFigures('5 reservations a call', five),
    ],
    targets: [
      ofRates('payments/s: 1 reservation a call / MikroORM with the message', single, alone, {
        atLeast: 0.5,
      }),
      ofRates('payments/s: 5 reservations a call / 5 payments a transaction', five, fiveAlone, {
        atLeast: 0.5,
      }),
    ],
    notes: [
      'MikroORM with the message: on 16 connections, as in the scenario `writer`, in the process of the benchmark. A call of one reservation is a transaction of one payment, and one of five a transaction of five: each is held against its like.',
      'The clients are in the process of the benchmark too, on one connection: they, the service and the database share the cores. The service has its own defaults, without telemetry and without a relay.',
      'Every payment of every reply is COMPLETED. After every round the rows are counted: as many payments, lines of history and messages as were asked for.',
    ],
  };
}

/** Calls for a while, and checks every reply and every row. @returns the pace of payments; the times are of calls */
async function callFor(
  { ground, stop }: Pick<Bench, 'ground' | 'stop'>,
  options: {
    database: BenchDatabase;
    service: BenchService;
    client: PaymentClient;
    reservations: number;
    forMs: number;
  },
): Promise<Pace> {
  const { database, service, client, reservations, forMs } = options;
  await emptyTables(database);
  const calls = await keepInFlight({
    ...{ places: callsInFlight, forMs, stop, work: () => pay(client, reservations) },
    pids: { service: service.pid, database: ground.postgres.pid, clients: process.pid },
  });
  const paid = ofPayments(calls, reservations);
  const { count } = paid;
  await checkRows(database, { by: 'payment', payments: count, history: count, messages: count });
  return paid;
}

async function pay(client: PaymentClient, count: number): Promise<void> {
  const reservations = Array.from({ length: count }, () => ({
    reservationId: `r-${randomUUID()}`,
    amount: { currencyCode: 'KRW', units: 15_000n },
  }));
  const { payments } = await client.executePayments({ userId: 'u-1', reservations });
  if (payments.length !== count || payments.some(({ state }) => state !== PaymentState.COMPLETED))
    throw new Error(
      `asked for ${count} payments, and got ${payments.map(({ state }) => PaymentState[state]).join()}`,
    );
}

const callFigures = (system: string, rounds: readonly Pace[]): Figure[] => [
  ...paceFigures(system, rounds),
  { system, name: 'p50 of a call', unit: 'ms', values: rounds.map(({ p50 }) => p50) },
  { system, name: 'p99 of a call', unit: 'ms', values: rounds.map(({ p99 }) => p99) },
];
