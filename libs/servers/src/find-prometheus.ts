import { findOnPath } from './find-on-path.ts';

/** Where to get it, in a line. */
export const prometheusRemedy =
  'Prometheus and promtool are not on PATH. On Debian: apt-get install --no-install-recommends prometheus';

/** The programs of Prometheus on PATH: the server, and the tool that checks and tests rules; null unless both are there. */
export async function findPrometheus(): Promise<{ prometheus: string; promtool: string } | null> {
  const [prometheus, promtool] = await Promise.all([findOnPath(['prometheus']), findOnPath(['promtool'])]);
  return prometheus !== null && promtool !== null ? { prometheus, promtool } : null;
}
