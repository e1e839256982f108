import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command, Commands } from './two-address-client.child.ts';

/** The client of `two-address-client.ts` in a process of its own. */
export type ForkedClient = AsyncDisposable & {
  [Name in keyof Commands]: (
    ...args: Parameters<Commands[Name]>
  ) => Promise<Awaited<ReturnType<Commands[Name]>>>;
};

const names: (keyof Commands)[] = ['pay', 'begin', 'end', 'told', 'terminate'];

/**
 * Starts the client. It has a process of its own, since a service is not to wait for its callers' work, and since
 * connect-node knows an error of Node's by `instanceof`, which no error of Node's is in a spec.
 */
export function forkTwoAddressClient(addresses: readonly [string, string]): ForkedClient {
  const script = join(import.meta.dirname, 'two-address-client.child.ts');
  const child = fork(script, [...addresses], { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } });
  child.setMaxListeners(0);
  const waiting = new Map<number, (result: unknown) => void>();
  child.on('message', ({ id, result }: { id: number; result: unknown }) => {
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let last = 0;
  const ask = (name: keyof Commands, args: unknown[]) =>
    new Promise((resolve, reject) => {
      const command: Command = { id: ++last, name, args };
      waiting.set(command.id, resolve);
      child.once('exit', () => reject(new Error(`the client ended before it did ${name}`)));
      child.send(command);
    });
  const commands = names.map((name) => [name, (...args: unknown[]) => ask(name, args)]);
  const dispose = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { ...Object.fromEntries(commands), [Symbol.asyncDispose]: dispose } as ForkedClient;
}
