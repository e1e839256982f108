/** Kills process `pid` with SIGKILL. One that was found a moment ago may have ended by itself since: that is as good. */
export function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
