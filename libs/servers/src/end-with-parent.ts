import { spawn } from 'node:child_process';

/**
 * How long, in milliseconds, a process that was asked to end may take before it is killed: as long as Kubernetes gives, and
 * longer than the bounds of any service's own stop together.
 */
export const drainMs = 30_000;

/**
 * Ends process `pid` when this process dies, however it dies (`kill -9` included): a shell of a few hundred kilobytes waits
 * for the end of a pipe that only this process holds open. It asks with `signal` first, looks whether that was enough, ten times a
 * second in the beginning and then every second, and insists after `drainMs`. A look costs a process,
 * which on a busy machine adds up: the fewer there are, the better the time is kept.
 *
 * @returns a function that calls the watch off; to be called once `pid` has ended.
 */
export function endWithParent(pid: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): () => void {
  if (process.platform === 'win32') return () => undefined;
  const name = signal.slice('SIG'.length);
  const look = (times: number, seconds: number) =>
    `i=0; while [ $i -lt ${times} ]; do i=$((i+1)); sleep ${seconds}; kill -s 0 ${pid} || exit; done`;
  const looks = `${look(20, 0.1)}; ${look(drainMs / 1000 - 2, 1)}`;
  const script = `read _; kill -s ${name} ${pid} || exit; ${looks}; kill -s KILL ${pid}`;
  // Detached, so that Ctrl-C in a terminal does not end the watch before what it watches.
  const watch = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watch.on('error', () => undefined); // no shell: the server is still ended by whoever started it
  watch.stdin.on('error', () => undefined);
  watch.unref();
  (watch.stdin as unknown as { unref?: () => void }).unref?.();
  return () => watch.kill('SIGKILL');
}
