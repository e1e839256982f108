import { pollUntil } from '@payments/servers';

/**
 * Starts a server that was killed. While it was down its port stood empty, and another process of a busy machine may have
 * taken it for a moment: seen once, and then there is nothing but to try again.
 */
export async function startAgain(server: { start: () => Promise<void> }): Promise<void> {
  await pollUntil({ for: 'a killed server to start', timeoutMs: 60_000, everyMs: 500 }, async () => {
    await server.start();
    return true;
  });
}
