/** A piece of a comment: a paragraph, an indented block, or what a call fails with and when. */
export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'indented'; lines: string[] }
  | { kind: 'error'; code: string; reasons: string; text: string };

/** How a line begins that says what a call fails with: `NOT_FOUND (PAYMENT_NOT_FOUND): …`. */
const errorLine = /^([A-Z][A-Z_]+)(?: \(([A-Z_, ]+)\))?: (.*)$/;

const isIndented = (line: string): boolean => line.startsWith('    ');

/** Reads a comment as it stands in the source, each line with the blank after its `//`. */
export const readComment = (comment: string | undefined): Block[] => {
  const lines = (comment ?? '').split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const line of lines) {
    const next = line === '' ? undefined : continued(open, line);
    if (next && next !== open) blocks.push(next);
    open = next;
  }
  return blocks;
};

/** The block that a line belongs to: the open one, which takes it, or a new one. */
const continued = (open: Block | undefined, line: string): Block => {
  if (isIndented(line)) {
    if (open?.kind !== 'indented') return { kind: 'indented', lines: [line.slice(4)] };
    open.lines.push(line.slice(4));
    return open;
  }
  const [, code, reasons = '', text = ''] = errorLine.exec(line) ?? [];
  if (code !== undefined) return { kind: 'error', code, reasons, text };
  if (open === undefined || open.kind === 'indented') return { kind: 'text', text: line };
  open.text += ` ${line}`;
  return open;
};

/** A comment as the text of a heading, its first clause, and the rest. */
export const titled = (blocks: readonly Block[]): { title: string; rest: Block[] } => {
  const [first, ...others] = blocks;
  if (first?.kind !== 'text') return { title: '', rest: [...blocks] };
  const [, title = first.text, after = ''] = /^(.*?)[.:](?: (.*))?$/.exec(first.text) ?? [];
  const text = after.charAt(0).toUpperCase() + after.slice(1);
  return { title, rest: text === '' ? others : [{ kind: 'text', text }, ...others] };
};
