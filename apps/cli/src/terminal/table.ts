import Table from 'cli-table3';

/** A table with a head, as text. Columns of numbers are named in `right`. */
export const table = <Row>(
  rows: readonly Row[],
  columns: Readonly<Record<string, (row: Row) => string>>,
  right: readonly string[] = [],
): string => {
  const names = Object.keys(columns);
  const drawn = new Table({
    head: names,
    colAligns: names.map((name) => (right.includes(name) ? 'right' : 'left')),
    style: { head: [], border: [] },
  });
  for (const row of rows) drawn.push(names.map((name) => columns[name]?.(row) ?? ''));
  return drawn.toString();
};
