import { setTimeout as pause } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { ConsumedMessage } from '@payments/kafka';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { ChannelTools } from './channel-tools.ts';
import { onPostgres } from './on-postgres.ts';
import { claimNext } from './claim-next.ts';
import { openHoldBack } from './hold-back.ts';
import type { HoldBack } from './hold-back.ts';
import { postOnce } from './post-once.ts';
import { openQueue } from './queue.ts';
import type { ChannelEnd, DigestOptions, Queue, Waiting } from './queue.ts';

/** One channel of Slack, with what waits for it. */
export type Channel = {
  /** Tells an event in its turn, alone or in a digest. It waits for PostgreSQL and for Slack as long as it takes. */
  tell(message: ConsumedMessage, event: PaymentEvent): Promise<ChannelEnd>;
};

type ChannelOptions = ChannelTools & { digest: DigestOptions };

/**
 * Opens the way to a channel. Nothing is sent until the first message. The loop that it starts serves all messages: it runs in
 * no context of a message, or everything that it ever does would belong to the trace of the first.
 */
export function openChannel(options: ChannelOptions): Channel & { waiting: () => number } {
  const queue = openQueue(options.digest);
  const holdBack = openHoldBack(options);
  const step = nextStep(queue, holdBack, options);
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (queue.all().length > 0) {
      try {
        await (options.stop.aborted ? leave(queue.all(), queue, options) : step());
      } catch (error) {
        if (!options.stop.aborted) fail(queue, error);
      }
    }
    running = false;
    holdBack.idle();
  }

  return {
    waiting: () => queue.all().length,
    tell: (message, event) => {
      const { promise, resolve: end, reject: failed } = Promise.withResolvers<ChannelEnd>();
      const fresh = { atMost: Infinity, blockedUntilMs: 0, unanswered: undefined };
      queue.add({ message, event, context: context.active(), end, failed, ...fresh });
      if (!running) void context.with(ROOT_CONTEXT, run);
      return promise;
    },
  };
}

/**
 * Makes the step towards the next post: claim, wait for the turn, post. Whatever is waited for (a lease, the pace), the
 * step ends there and the post is made up anew by the next one: more may have come that goes into a digest, and others may
 * have told some of it.
 */
function nextStep(queue: Queue, holdBack: HoldBack, options: ChannelOptions): () => Promise<void> {
  const { pace, stop } = options;
  const claim = claimNext(queue, options);
  const post = postOnce(queue, holdBack, options);
  return async () => {
    const revoked = queue.all().filter(({ message }) => message.revoked.aborted);
    await leave(revoked, queue, options);
    const { batch, retryMs } = await claim();
    if (retryMs > 0) return await wait(retryMs, queue, stop);
    if (!batch) return;
    const { askedMs, waitMs } = await onPostgres(() => askForTurn(pace), stop, options);
    if (waitMs > 0) {
      holdBack.wait(waitMs);
      return await wait(waitMs, queue, stop);
    }
    await post(batch, askedMs);
    await onPostgres(() => pace.answered(), stop, options);
  };
}

/** A turn is as old as its question: how long the answer took, nobody knows. */
async function askForTurn(pace: ChannelTools['pace']): Promise<{ askedMs: number; waitMs: number }> {
  const askedMs = performance.now();
  return { askedMs, waitMs: await pace.turn() };
}

/** A longer timer of Node fires after 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits, but not beyond a stop, nor beyond the loss of the partition of the message that is first in the queue. */
async function wait(ms: number, queue: Queue, stop: AbortSignal): Promise<void> {
  const revoked = queue.all()[0]?.message.revoked ?? stop;
  const signal = AbortSignal.any([stop, revoked]);
  await pause(Math.min(ms, longestTimerMs), undefined, { signal }).catch(() => undefined);
}

function fail(queue: Queue, error: unknown): void {
  const all = queue.all();
  queue.remove(all);
  for (const { failed } of all) failed(error);
}

/**
 * Takes messages out of the queue untold, and gives their claims back: tried once, since a claim that is not given back ends
 * with its lease.
 */
async function leave(ones: readonly Waiting[], queue: Queue, { inbox, log }: ChannelTools): Promise<void> {
  if (ones.length === 0) return;
  queue.remove(ones);
  // The same message may have been delivered again.
  const still = new Set(queue.all().map(({ event }) => event.id));
  const ids = ones.map(({ event }) => event.id).filter((id) => !still.has(id));
  await inbox
    .release(ids)
    .catch((problem: unknown) => log.warn({ err: problem }, 'claims were not given back'));
  for (const { end } of ones) end({ kind: 'left' });
}
