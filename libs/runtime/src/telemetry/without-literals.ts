/**
 * What of a statement may hold a value, and what only looks like it: names in double quotes and parameters ($1) stay. A
 * string that does not end is one to the end of the statement.
 */
const tokens =
  /("(?:[^"]|"")*(?:"|$)|\$\d+)|\be'(?:[^'\\]|\\[^]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|\$(\w*)\$[^]*?(?:\$\2\$|$)|(?<![\w$.])\.?\d[\w.]*/gi;

/**
 * A statement with `?` for every value that is written in it, as the conventions ask for (`db.query.text`,
 * https://opentelemetry.io/docs/specs/semconv/db/database-spans/#sanitization-of-dbquerytext). MikroORM sends no parameters:
 * it writes who pays and how much into the text.
 */
export const withoutLiterals = (statement: string): string =>
  statement.replace(tokens, (_, kept?: string) => kept ?? '?');
