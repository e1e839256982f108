/**
 * A busy service for collector-away.e2e.spec.ts: does some work 50,000 times, each time within a span, as fast as it can; says in
 * one line how long that took and what its heap held early and at the end, in bytes; and waits to be stopped.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';

import { createLog } from '../create-log.ts';
import { runUntilSignal } from '../run-until-signal.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const tracer = trace.getTracer('child');
const paper = Buffer.alloc(16_384, 'work');

async function work(times: number): Promise<void> {
  for (let done = 0; done < times; done++) {
    tracer.startActiveSpan('work', (span) => {
      span.setAttributes({
        'messaging.destination.name': 'payment-event',
        'messaging.message.id': String(done),
      });
      createHash('sha256').update(paper).digest();
      span.end();
    });
    // As a service does: what waits for the event loop gets its turn.
    if (done % 50 === 0) await turn();
  }
}

function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const log = createLog('child');

await runUntilSignal(
  async (stop) => {
    await work(2_000);
    const before = performance.now();
    const used = process.cpuUsage();
    // More than fit into the queue: what the rest leaves behind has to be nothing.
    await work(10_000);
    const early = heldBytes();
    await work(40_000);
    const { user, system } = process.cpuUsage(used);
    const ms = performance.now() - before;
    log.info({ ms, processorMs: (user + system) / 1000, early, late: heldBytes() }, 'worked');
    // What goes on until it is told to stop.
    const trickle = setInterval(() => tracer.startSpan('trickle').end(), 50);
    if (!stop.aborted) await once(stop, 'abort');
    clearInterval(trickle);
  },
  { log },
);
