import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import { isWithin } from '@payments/runtime';
import type { Admission } from './admission.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { TcpListener } from './listen-tcp.ts';
import type { OpenCalls } from './receive-calls.ts';

/**
 * How long calls are still served after the health service has said NOT_SERVING, in milliseconds. Who watches it leaves
 * without having had one call refused; a second is for a busy client or balancer to hear of it.
 */
const lameDuckMs = 1_000;

/** How long calls in progress may take to finish after that, in milliseconds. */
const finishMs = 8_000;

/** For the last statuses to be sent, in milliseconds. */
const lastWordsMs = 500;

/** What is drained. */
export type Drained = {
  server: Server;
  listener: TcpListener;
  sessions: Http2Sessions;
  admission: Pick<Admission, 'stop'>;
  calls: Pick<OpenCalls, 'refuse'>;
  log: (line: string) => void;
};

/**
 * Ends serving so that a client that repeats UNAVAILABLE loses no call. The order matters:
 *
 * 1. Who is connected is served on for a while; see above.
 * 2. The port is closed. Nobody loses a connection by that: those who have one use it, and all others are refused, which
 *    is UNAVAILABLE.
 * 3. GOAWAY that allows every stream: peers open no more, and those that were on their way are served.
 * 4. GOAWAY for good. A request that is still on its way in is told STOPPING, as is a watcher of the health service.
 * 5. Calls in progress finish. One that does not is told STOPPING: with its request_id it will get its answer elsewhere.
 */
export const drain = async ({
  server,
  listener,
  sessions,
  admission,
  calls,
  log,
}: Drained): Promise<void> => {
  if (listener.connections() > 0) await pause(lameDuckMs);
  const finished = listener.close();
  await sessions.sayGoodbye();
  admission.stop();
  // Its callback comes too early: Node 24's http2 closes its sessions by itself, and grpc-js 1.14 does not wait for those.
  server.tryShutdown(() => undefined);
  // Watchers of the health service would keep their connections for ever.
  calls.refuse('streams');
  if (await isWithin(finished, finishMs)) return;
  log(`${calls.refuse('all')} calls were still in progress after ${finishMs} ms and are cut off`);
  if (!(await isWithin(finished, lastWordsMs))) listener.cut();
  await finished;
};
