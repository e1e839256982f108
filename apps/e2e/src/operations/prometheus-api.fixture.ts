/** One series of an answer. */
export interface Series {
  labels: Record<string, string>;
  value: number;
}

/** A series with its exemplars. */
export interface Exemplars {
  seriesLabels: Record<string, string>;
  exemplars: { labels: Record<string, string>; value: string }[];
}

/** A rule as Prometheus has it in hand. */
export interface EvaluatedRule {
  name: string;
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  state: 'firing' | 'pending' | 'inactive';
}

/** Asks a Prometheus at this base URL. Its refusal is an error in its own words. */
export function askPrometheus(url: string) {
  const get = async <T>(path: string, query: Record<string, string> = {}): Promise<T> => {
    const reply = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const { data, error } = (await reply.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`${path} ${JSON.stringify(query)}: ${error}`);
    return data;
  };
  return {
    /** The newest values of an expression. */
    async now(query: string): Promise<Series[]> {
      type Result = { metric: Record<string, string>; value: [number, string] }[];
      const { result } = await get<{ result: Result }>('query', { query });
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    /** The exemplars of the last ten minutes. */
    exemplars(query: string): Promise<Exemplars[]> {
      const end = Date.now() / 1000 + 60;
      return get('query_exemplars', { query, start: String(end - 660), end: String(end) });
    },
    /** Every rule, with what became of its last evaluation. */
    async rules(): Promise<EvaluatedRule[]> {
      const { groups } = await get<{ groups: { rules: EvaluatedRule[] }[] }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
  };
}
