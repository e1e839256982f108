import { outboxError, type connectForStatus, type RequestProgress } from '@payments/outbox';
import type { Asking } from './ask-relays.ts';
import { confirm } from '../terminal/confirm.ts';
import { exitCodes } from './exit-codes.ts';
import { followRequests, type Followed } from './follow-requests.ts';
import { complain, json, print } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';
import { isDatabaseError } from './with-outbox.ts';
import { numberText, rangesText, strangersText } from '../terminal/texts.ts';

type Client = Awaited<ReturnType<typeof connectForStatus>>;

/** What all commands that change something are told. */
export type AskOptions = { yes: boolean; wait: boolean; json: boolean };

/** Asks the person, then the relays, and waits until they have done it; returns the exit code. */
export const carryOut = async (
  client: Client,
  { what, ask }: Asking,
  options: AskOptions,
): Promise<number> => {
  if (options.yes) complain(what);
  else if (!(await confirm(what, { input: process.stdin, output: process.stderr }))) {
    complain('Nothing was done.');
    return exitCodes.refused;
  }
  const numbers = await ask(client);
  const followed = await follow(client, numbers, options.wait);
  print(options.json ? json(followed) : showRequests(followed.requests));
  const text = endText(followed, numbers, options.wait);
  if (text) complain(text);
  return followed.end === 'FINISHED' || !options.wait ? exitCodes.done : exitCodes.notCarriedOut;
};

/** Waits, or only looks once. Ctrl-C ends the wait and nothing else. */
const follow = async (client: Client, numbers: readonly number[], wait: boolean): Promise<Followed> => {
  const over = new AbortController();
  const end = () => over.abort();
  if (!wait) end();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await followRequests({ client, numbers, signal: over.signal, tell: complain });
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    // They are asked for: whoever asks again would have it done twice.
    complain(outboxError(error).message);
    return { end: 'LOST', requests: [] };
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
};

/** An outcome quotes an error, up to 1,000 characters of it, before it names the remedy. */
const longestOutcome = 2000;

/**
 * Requests as a table, and below it what became of each, whole, for a remedy is there to be copied. Those of which the same
 * became share a line: 16 lanes have as many requests.
 */
const showRequests = (requests: readonly RequestProgress[]): string => {
  const alike = [...Map.groupBy(requests, ({ kind, outcome }) => `${kind} ${outcome}`).values()];
  const numbers = (same: readonly RequestProgress[]) => rangesText(same.map(({ number }) => number));
  const drawn = table(
    alike,
    {
      request: numbers,
      lane: (same) => rangesText(same.map(({ lane }) => lane)),
      asks: (same) => same[0]?.kind ?? '',
      messages: (same) => numberText(same.reduce((sum, { count }) => sum + count, 0)),
    },
    ['messages'],
  );
  const outcomes = alike.map(
    (same) =>
      `request ${numbers(same)}: ${strangersText(same[0]?.outcome ?? 'not finished', longestOutcome)}`,
  );
  return [drawn, ...outcomes].join('\n');
};

const endText = ({ end, requests }: Followed, numbers: readonly number[], wait: boolean): string => {
  const open =
    end === 'LOST'
      ? numbers
      : requests.filter(({ finishedAt }) => finishedAt === null).map(({ number }) => number);
  const which = `Asked for (request ${rangesText(open)})`;
  if (end === 'FINISHED') return '';
  if (end === 'UNOWNED') return `${which}; no relay works for it now: it is carried out when one runs.`;
  const stays = wait ? 'it stands, and is carried out without you' : 'its relay carries it out';
  return `${which}; ${stays}: \`npm run outbox -- status\` shows whether it still waits.`;
};
