import { setInterval } from 'node:timers/promises';
import { readWithKafkaConsole, type RunningKafka } from '@payments/servers';
import type pg from 'pg';

/** How many keys are written side by side. */
export const keys = 30;

/**
 * Appends one message of each of 30 keys every `everyMs` milliseconds, 300 messages a second unless told, until `enough`;
 * a key's messages are numbered from 0.
 * @returns how many each key has
 */
export async function writeSteadily(
  writer: pg.Client,
  options: { topic: string; enough: AbortSignal; everyMs?: number },
): Promise<number> {
  let written = 0;
  for await (const enough of setInterval(options.everyMs ?? 100, options.enough)) {
    if (enough.aborted) break;
    await writer.query(
      `select outbox.append(array_fill($1::text, array[$2::integer]), array_agg('key-' || key),
                            array_fill('Happened'::text, array[$2::integer]), array_fill(convert_to($3, 'UTF8'), array[$2::integer]), null, null)
         from generate_series(1, $2::integer) as key`,
      [options.topic, keys, String(written)],
    );
    written++;
  }
  return written;
}

/** What every key should have: its numbers in order. */
export const numbered = (count: number): Record<string, number[]> =>
  Object.fromEntries(
    Array.from({ length: keys }, (_, key) => [
      `key-${key + 1}`,
      Array.from({ length: count }, (_, number) => number),
    ]),
  );

/**
 * The numbers of each key in the order of their first delivery, as Kafka's own client reads them; and how many repeats
 * there are.
 */
export async function readNumbers(
  kafka: RunningKafka,
  topic: string,
): Promise<{ numbers: Record<string, number[]>; repeats: number }> {
  const count = await kafka.recordsAppended(topic);
  const numbers: Record<string, number[]> = {};
  const seen = new Set<string>();
  for (const record of await readWithKafkaConsole({ brokers: kafka.brokers, topic, count })) {
    const [key, id] = [
      String(record.key),
      String(record.headers.find(({ name }) => name === 'ce_id')?.value),
    ];
    if (seen.has(id)) continue;
    seen.add(id);
    (numbers[key] ??= []).push(Number(record.value));
  }
  return { numbers, repeats: count - seen.size };
}
