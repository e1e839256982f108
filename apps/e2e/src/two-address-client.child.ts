import { openTwoAddressClient, type Told } from './two-address-client.ts';

/** What the process can be asked to do, by name; see `two-address-client.fixture.ts`. */
export interface Commands {
  /** Pays one reservation, at this address first. */
  pay: (reservationId: string, address: string) => Promise<number>;
  /** Begins to pay, so many calls side by side, the addresses in turn. */
  begin: (workers: number) => void;
  /** Ends that, and waits for the last answers. */
  end: () => Promise<void>;
  told: () => Told;
  /** Sends SIGTERM to `pid` in a moment when more than `moreThan` calls wait for its answer, and tells how many. */
  terminate: (pid: number, address: string, moreThan: number) => Promise<number>;
}

/** A command on its way to this process. */
export type Command = { id: number; name: keyof Commands; args: unknown[] };

const addresses = process.argv.slice(2) as [string, string];
const client = openTwoAddressClient(addresses);
const enough = new AbortController();
let paying: Promise<unknown> = Promise.resolve();

const payOn = async (worker: number) => {
  for (let number = 0; !enough.signal.aborted; number++)
    await client.pay(`r-${worker}-${number}`, addresses[(worker + number) % 2] as string);
};

const commands: Commands = {
  pay: client.pay,
  begin: (workers) => {
    paying = Promise.all(Array.from({ length: workers }, (_, worker) => payOn(worker)));
  },
  end: async () => {
    enough.abort();
    await paying;
  },
  told: client.told,
  terminate: async (pid, address, moreThan) => {
    while (client.inFlight(address) <= moreThan) await new Promise(setImmediate);
    process.kill(pid, 'SIGTERM');
    return client.inFlight(address);
  },
};

process.on('message', ({ id, name, args }: Command) => {
  const command = commands[name] as (...given: unknown[]) => unknown;
  void Promise.resolve(command(...args)).then((result) => process.send?.({ id, result }));
});
