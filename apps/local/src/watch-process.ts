/** How often, in milliseconds, a server's process is looked for. */
const lookMs = 250;

/**
 * Resolves when the process is gone. It must be a child of this process, as the servers are: their ends are then collected
 * at once, and the id stays theirs until then.
 */
export function processGone(pid: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isThere(pid)) return;
      clearInterval(timer);
      resolve('its process is gone');
    }, lookMs);
  });
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
