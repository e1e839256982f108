import { execaNode } from 'execa';
import type { Ground } from '../ground/ground.ts';
import type { MemoryOrder, MemorySender } from './memory-order.ts';
import type { Mover } from './mover.ts';

const program = new URL('./from-memory.child.ts', import.meta.url).pathname;

/**
 * A producer without a database: a process makes all the messages, then sends them one request after the other, `perRequest` messages
 * in each. What the relay does cannot be faster than its producer from memory.
 */
export async function openFromMemory(
  { kafka }: Pick<Ground, 'kafka'>,
  { name, sender, perRequest }: { name: string; sender: MemorySender; perRequest: number },
): Promise<Mover> {
  const child = execaNode(program, [sender, kafka.brokers.join()], {
    ipc: true,
    // Stock kafkajs warns all the time.
    nodeOptions: ['--disable-warning=TimeoutNegativeWarning'],
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  const tell = async (order: MemoryOrder) => {
    const answered = child.getOneMessage();
    await child.sendMessage(order);
    await answered;
  };
  await child.getOneMessage();
  let sending: Promise<void> | undefined;
  return {
    name,
    fromMemory: true,
    pids: [child.pid ?? 0],
    take: (make) => tell({ make, perRequest }),
    letGo: () => {
      sending = tell({ send: true });
      // Who waits for the topic hears of it there; `rest` throws it.
      sending.catch(() => undefined);
      return Promise.resolve();
    },
    rest: async () => sending,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child;
    },
  };
}
