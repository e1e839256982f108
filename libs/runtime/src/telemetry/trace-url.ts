/** How long, in milliseconds, a Jaeger may take to say whether it has pages. It does in a few. */
const limitMs = 1000;

/**
 * Where a person sees a trace, with `{traceId}` in it: Jaeger's page, or its API where it has no pages. One that is built
 * from the Go module alone has a placeholder for them, without a script.
 * @param query base URL of Jaeger's query API
 * @returns undefined where nobody answers within a second
 */
export async function traceUrlOf(query: string): Promise<string | undefined> {
  const text = await readPage(`${query}/search`).catch(() => undefined);
  if (text === undefined) return undefined;
  return `${query}/${text.includes('<script') ? 'trace' : 'api/traces'}/{traceId}`;
}

async function readPage(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limitMs) });
  return response.ok ? await response.text() : '';
}
