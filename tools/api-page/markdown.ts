import type { Block } from './comment.ts';

/** A table whose columns are as wide as their longest cell, as prettier lays them out. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
};

/** The name of something that has a heading, as a link to it. */
export const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`;

/** Names in capitals, with commas between them, as code. */
const asCode = (names: string): string => names.replace(/[A-Z][A-Z_]+/g, '`$&`');

/** A comment as paragraphs, tables and code; what a call fails with comes as one table at its end. */
export const markdown = (blocks: readonly Block[]): string[] => {
  const errors = blocks.filter((block) => block.kind === 'error');
  const others = blocks.filter((block) => block.kind !== 'error');
  const rows = errors.map(({ code, reasons, text }) => [asCode(code), asCode(reasons), text]);
  return [
    ...others.map((block) => (block.kind === 'text' ? block.text : indented(block.lines))),
    ...(rows.length > 0 ? [table(['fails with', 'reason', 'when'], rows)] : []),
  ];
};

/** A comment as one line, for the cell of a table. */
export const inCell = (blocks: readonly Block[]): string => markdown(blocks).join(' ').replaceAll('\n', ' ');

/** A block of lines in two columns is a table, any other is a drawing. */
const indented = (lines: readonly string[]): string => {
  const rows = lines.map((line) => line.split(/ {2,}/));
  if (!rows.every((row) => row.length === 2)) return ['```', ...lines, '```'].join('\n');
  return rows.every(([name = '']) => /^[A-Z_]+$/.test(name))
    ? table(
        ['status', 'reasons'],
        rows.map((row) => row.map(asCode)),
      )
    : table(
        ['name', 'value'],
        rows.map(([name = '', value = '']) => [`\`${name}\``, value]),
      );
};
