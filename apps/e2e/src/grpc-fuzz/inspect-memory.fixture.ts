import { once } from 'node:events';

/** What a process holds, in megabytes. */
export interface Memory {
  residentMb: number;
  heapMb: number;
}

/**
 * What a process that was started with `--inspect` on this port holds once its garbage is collected: by Node's own
 * inspector, so that the process is the one that ships.
 */
export async function memoryAfterCollection(port: number): Promise<Memory> {
  const reply = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await reply.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await once(socket, 'open');
  let last = 0;
  const ask = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [{ data }] = (await once(socket, 'message')) as [{ data: string }];
      const answer = JSON.parse(data) as { id?: number; result?: unknown };
      if (answer.id === id) return answer.result;
    }
  };
  for (let round = 0; round < 3; round++) await ask('HeapProfiler.collectGarbage');
  const expression = 'JSON.stringify(process.memoryUsage())';
  const { result } = (await ask('Runtime.evaluate', { expression })) as { result: { value: string } };
  socket.close();
  const { rss, heapUsed } = JSON.parse(result.value) as NodeJS.MemoryUsage;
  return { residentMb: Math.round(rss / 2 ** 20), heapMb: Math.round(heapUsed / 2 ** 20) };
}
