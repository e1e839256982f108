import { parser } from '@prometheus-io/lezer-promql';

/** The metrics that an expression asks for, as they are named in it. @throws Error where it is no PromQL. */
export function metricsIn(expression: string): string[] {
  const found: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from} ("${text}"): ${expression}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') found.push(text);
    },
  });
  return [...new Set(found)];
}

/** A histogram is three series. */
export const familyOf = (metric: string): string => metric.replace(/_(bucket|count|sum)$/, '');
