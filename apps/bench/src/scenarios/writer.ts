import { checkRows, emptyTables, paymentDatabase } from '../ground/payment-database.ts';
import type { BenchDatabase } from '../ground/ground.ts';
import { inTurns } from '../measure/in-turns.ts';
import { keepInFlight } from '../measure/keep-in-flight.ts';
import type { Pace } from '../measure/keep-in-flight.ts';
import { ratios } from '../report/figures.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../scenario.ts';
import { mikroOrmWriter } from './writer/write-by-mikro-orm.ts';
import { oneStatementWriter, sqlWriter } from './writer/write-by-sql.ts';
import { connections } from './writer/payment-writer.ts';
import type { Writer } from './writer/payment-writer.ts';

/** What the outbox costs who writes to it. */
export const writer: Scenario = {
  name: 'writer',
  says: `Transactions that store a payment, with and without the message that tells of it, on ${connections} connections.`,
  run: measureWriters,
};

/** A way to write payments. */
interface WriterSystem {
  name: string;
  withMessage: boolean;
  /** How many a transaction has; one when not given. */
  payments?: number;
  open: (databaseUrl: string) => Writer | Promise<Writer>;
}

/** The unit of work of the payment service. */
export const unitOfWork: WriterSystem = {
  name: 'MikroORM with the message',
  withMessage: true,
  open: (url) => mikroOrmWriter(url, { withMessage: true }),
};

/** The same of five payments. */
export const unitOfFive: WriterSystem = {
  name: 'MikroORM with the message, 5 payments a transaction',
  withMessage: true,
  payments: 5,
  open: (url) => mikroOrmWriter(url, { withMessage: true, payments: 5 }),
};

const systems: readonly WriterSystem[] = [
  unitOfWork,
  {
    name: 'MikroORM without',
    withMessage: false,
    open: (url) => mikroOrmWriter(url, { withMessage: false }),
  },
  { name: 'SQL with the message along', withMessage: true, open: (url) => sqlWriter(url, 'ALONG') },
  { name: 'SQL with the message apart', withMessage: true, open: (url) => sqlWriter(url, 'APART') },
  { name: 'SQL without', withMessage: false, open: (url) => sqlWriter(url, 'NOT') },
  { name: 'one statement', withMessage: false, open: oneStatementWriter },
];

async function measureWriters(bench: Bench): Promise<Outcome> {
  const { ground, rounds, quick, stop } = bench;
  await using database = await paymentDatabase(ground);
  const forMs = quick ? 700 : 8_000;
  const measured = await inTurns({
    ...{ systems, rounds, stop, warmUps: quick ? 0 : 1 },
    measure: (system) => writeFor(bench, { database, system, forMs }),
  });
  const [withOrm = [], withoutOrm = [], along = [], apart = [], withoutSql = [], ceiling = []] = measured;
  const atLeast = 0.85;
  return {
    figures: systems.flatMap(({ name }, index) => paceFigures(name, measured[index] ?? [])),
    targets: [
      ofRates('MikroORM with the message / without', withOrm, withoutOrm, { atLeast }),
      ofRates('SQL with the message, along with the last statement / without', along, withoutSql, {
        atLeast,
      }),
      ofRates('SQL with the message, by a statement of its own / without', apart, withoutSql, { atLeast }),
      ofRates('MikroORM with the message / one statement', withOrm, ceiling, null),
      ofRates('SQL with the message along / one statement', along, ceiling, null),
    ],
    notes: [
      'A transaction: a row of `payment.payment`, one of `payment.payment_history` and, with the message, one of `outbox.message`, in the tables and under the indexes of the payment service. Without it, nothing of the outbox is registered in MikroORM. No relay runs.',
      'With MikroORM the message goes with the COMMIT (`joinCommit`): as many ways to the server and back as without it.',
      'Along: `with message as (insert into outbox.message …) insert into payment.payment_history …`, as many statements as without it. Apart: `select outbox.append(…)`, a fifth statement to send and to wait for beside four.',
      'One statement: the same rows by one prepared statement that is a transaction of its own, the message in a plain table without trigger, number, index or partition.',
      'The writers are in the process of the benchmark, on the same cores as the database. After every round the rows are counted: as many payments, lines of history and messages of the outbox as commits.',
    ],
  };
}

/** Writes for a while into empty tables, and checks that every row is there. @returns the pace of payments; the times are of transactions */
export async function writeFor(
  { ground, stop }: Pick<Bench, 'ground' | 'stop'>,
  options: { database: BenchDatabase; system: WriterSystem; forMs: number },
): Promise<Pace> {
  const { database, system, forMs } = options;
  await emptyTables(database);
  await using writing = await system.open(database.url);
  const pace = await keepInFlight({
    ...{ places: connections, forMs, stop, work: writing.write },
    pids: { writer: process.pid, database: ground.postgres.pid },
  });
  const paid = ofPayments(pace, system.payments ?? 1);
  const { count } = paid;
  const messages = system.withMessage ? count : 0;
  await checkRows(database, { by: system.name, payments: count, history: count, messages });
  return paid;
}

/** The pace of payments, where each piece of work was `payments` of them. The times are still those of a piece of work. */
export function ofPayments(pace: Pace, payments: number): Pace {
  const cpuUs = Object.entries(pace.cpuUs).map(([who, us]) => [who, us / payments]);
  return {
    ...{ ...pace, count: pace.count * payments, perSecond: pace.perSecond * payments },
    cpuUs: Object.fromEntries(cpuUs) as Pace['cpuUs'],
  };
}

/** What each round did in a second, beside what others did in it. */
export const ofRates = (
  says: string,
  ours: readonly Pace[],
  theirs: readonly Pace[],
  bound: Target['bound'],
): Target => ({
  says,
  bound,
  values: ratios(
    ours.map((pace) => pace.perSecond),
    theirs.map((pace) => pace.perSecond),
  ),
});

/** What is told of a system's rounds. */
export const paceFigures = (system: string, rounds: readonly Pace[]): Figure[] => [
  { system, name: 'payments', unit: '1/s', values: rounds.map(({ perSecond }) => perSecond) },
  ...Object.keys(rounds[0]?.cpuUs ?? {}).map((who) => ({
    ...{ system, name: `processor time of a payment: ${who}`, unit: 'µs' },
    values: rounds.map(({ cpuUs }) => cpuUs[who] ?? NaN),
  })),
];
