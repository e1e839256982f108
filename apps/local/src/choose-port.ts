import { freePort, isPortFree } from '@payments/servers';

import { StackError } from './stack-error.ts';

/** A port as configuration wants it: `asked` by its variable, or else the default that is convenient. */
export type WantedPort = { variable: string; host: string; port: number; asked: boolean };

/**
 * The port to use. A default that is taken is replaced by a free one, and `notice` is told; a port that was asked for
 * must be had. 0 asks for any free one.
 * @throws StackError that names the variable whose port is taken
 */
export async function choosePort(wanted: WantedPort, notice: (text: string) => void): Promise<number> {
  const { variable, host, port, asked } = wanted;
  if (port === 0) return freePort();
  if (await isPortFree(port, host)) return port;
  if (asked) {
    throw new StackError(
      `${variable} asks for port ${port}, which is taken on ${host}: choose another, 0 for any, or leave ${variable} out`,
    );
  }
  const other = await freePort();
  notice(`port ${port} is taken: using ${other} instead (${variable} chooses)`);
  return other;
}

/**
 * The port of each name. All are chosen before anything is started, so that a taken one is known at once.
 * @throws StackError as {@link choosePort} does
 */
export async function choosePorts<Wanted extends Record<string, WantedPort>>(
  wanted: Wanted,
  notice: (text: string) => void,
): Promise<{ [Name in keyof Wanted]: number }> {
  const entries = Object.entries(wanted).map(
    async ([name, one]) => [name, await choosePort(one, notice)] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as { [Name in keyof Wanted]: number };
}
