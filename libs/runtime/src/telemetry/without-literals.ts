/**
 * What of a statement may hold a value, and what only looks like it: names in double quotes and parameters ($1) stay. A
 * comment may hold one, or a lone quote; it ends where it says so, but for one within another, which takes the rest along. A string
 * that does not end is one to the end of the statement. Tags of dollar quotes are told apart by case.
 */
const tokens =
  /("(?:[^"]|"")*(?:"|$)|\$\d+)|(--[^\n]*|\/\*(?:(?!\/\*)[^])*?\*\/|\/\*[^]*)|\b[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|\$(\w*)\$[^]*?(?:\$\3\$|$)|(?<![\w$.])\.?\d[\w.]*/g;

/**
 * So many characters of a statement are looked at and shown: MikroORM's may hold a megabyte, which no one reads in a span, and of
 * ten the expression would fail for want of a stack.
 */
const longest = 10_000;

/**
 * A statement with `?` for every value that is written in it, as the conventions ask for (`db.query.text`,
 * https://opentelemetry.io/docs/specs/semconv/db/database-spans/#sanitization-of-dbquerytext), without its comments and the rest of
 * a very long one. MikroORM sends no parameters: it writes who pays and how much into the text.
 */
export const withoutLiterals = (statement: string): string =>
  statement
    .slice(0, longest)
    .replace(tokens, (_, kept?: string, comment?: string) => kept ?? (comment === undefined ? '?' : ''));
