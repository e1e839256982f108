import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema, StatusSchema } from '@payments/contracts';
import { freePort } from '@payments/servers';
import { seededRandom, startService, throwAwayDatabase, type RunningService } from '@payments/testing';
import { asRole, prepared } from '../database-roles/prepare-database.fixture.ts';
import { fuzzMs } from '../config.ts';
import { forkTwoAddressClient, type ForkedClient } from '../two-address-client.fixture.ts';
import { fuzzCalls, resetRapidly, trickle, type Answered } from './call-attacks.fixture.ts';
import { speakNonsense, stayHalfOpen } from './connection-attacks.fixture.ts';
import { memoryAfterCollection } from './inspect-memory.fixture.ts';

/** UNKNOWN and INTERNAL: the server would take a fault of its caller for its own. */
const faultsOfTheServer = [2, 13];

let closing: AsyncDisposableStack;
let service: RunningService;
let address: string;
let inspector: number;
let client: ForkedClient;

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  const { url } = closing.use(await throwAwayDatabase({ template: prepared }));
  inspector = await freePort();
  const env = {
    DATABASE_URL: asRole(url, 'payment'),
    GRPC_REFLECTION: 'true',
    NODE_OPTIONS: `--inspect=127.0.0.1:${inspector}`,
  };
  service = closing.use(await startService({ app: 'payment', env }));
  address = service.grpc ?? '';
  await service.ready();
  client = closing.use(forkTwoAddressClient([address, address]));
});
afterEach(async () => {
  await closing.disposeAsync();
});

const reasonOf = (details: Buffer): string | undefined =>
  fromBinary(StatusSchema, details)
    .details.map((detail) => anyUnpack(detail, ErrorInfoSchema))
    .find((info) => info?.domain === 'payment.v1')?.reason;

/** What is wrong with an answer; nothing, as a rule. */
const wrongWith = ({ call, answer }: Answered): string | undefined => {
  const { code, http, details, reset } = answer;
  const said = `${call.path.slice(0, 60)} ${JSON.stringify(call.headers ?? {}).slice(0, 200)} ${Buffer.from(call.body ?? []).toString('hex', 0, 100)}: ${JSON.stringify({ code, http, reset, message: answer.message })}`;
  if (code === undefined) return (http ?? 0) >= 400 || reset !== 0 ? undefined : said;
  if (faultsOfTheServer.includes(code)) return said;
  const isOurs = call.path.startsWith('/payment.v1.');
  return code === 0 || !isOurs || (details && reasonOf(details)) ? undefined : said;
};

/** Everything at once, for some seconds. @returns what it came to, counted */
const round = async (seed: number) => {
  const attack = { address, random: seededRandom(seed) };
  const calls = fuzzCalls(attack, 250);
  const all = Promise.all([calls, resetRapidly(attack, 2_500), speakNonsense(attack, 60)]);
  const [halfOpen, [answered, reset, nonsense]] = await Promise.all([
    stayHalfOpen(attack, all),
    all,
    trickle(attack, all),
  ]);
  const wrong = answered.map(wrongWith).filter((what) => what !== undefined);
  return { answered, reset, nonsense, halfOpen, wrong };
};

it('whatever is sent to the gRPC server is answered by a clean status, harms nobody else, and is not kept', async () => {
  const begun = performance.now();
  const end = begun + fuzzMs();
  const counts = { calls: 0, resets: 0, connections: 0, halfOpen: 0, rounds: 0 };
  const codes = new Map<string, number>();
  const fuzz = async (until: number, least: number) => {
    for (const first = counts.rounds; performance.now() < until || counts.rounds < first + least;) {
      const { answered, reset, nonsense, halfOpen, wrong } = await round(++counts.rounds);
      expect(wrong).toEqual([]);
      counts.calls += answered.length;
      counts.resets += reset;
      counts.connections += nonsense;
      counts.halfOpen += halfOpen;
      for (const { answer } of answered) {
        const told = answer.code === undefined ? `HTTP ${answer.http ?? 'reset'}` : String(answer.code);
        codes.set(told, (codes.get(told) ?? 0) + 1);
      }
    }
  };
  await client.begin(4);
  // What it needs once is had before the first look: code that became hot, buffers, connections.
  await fuzz(begun + fuzzMs() / 4, 2);
  const before = await memoryAfterCollection(inspector);
  await fuzz(end, 2);
  const after = await memoryAfterCollection(inspector);
  await client.end();
  const { calls, failures, p50Ms, p99Ms } = await client.told();
  const faults = service.lines.filter(({ fields }) => ['error', 'fatal'].includes(String(fields['level'])));
  console.log(
    [
      `${counts.rounds} seeds: ${counts.calls} calls, ${counts.resets} streams reset, ${counts.connections} connections of nonsense, ${counts.halfOpen} half open`,
      `answers by status: ${[...codes].map(([code, count]) => `${code}: ${count}`).join(', ')}`,
      `resident ${before.residentMb} MB, then ${after.residentMb} MB; heap ${before.heapMb} MB, then ${after.heapMb} MB`,
      `beside it ${calls} payments, ${failures.length} failed, p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
    ].join('\n'),
  );
  expect(faults.map(({ text }) => text)).toEqual([]);
  expect(failures).toEqual([]);
  expect(calls).toBeGreaterThan(counts.rounds);
  expect(p99Ms).toBeLessThan(5_000);
  expect(after.residentMb).toBeLessThan(1.2 * before.residentMb);
}, 900_000);
