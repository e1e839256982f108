import { readTime } from '../read-time.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Reads `--since`: from when on messages are published again.
 * @throws UsageError for what is no time, and for one that is still to come
 */
export const readSince = (text: string, now: Date): Date => {
  const since = readTime('--since', text, now);
  if (since > now)
    throw new UsageError(`--since is "${text}": that is still to come, so nothing was published since`);
  return since;
};
