import { stripTypeScriptTypes } from 'node:module';

/**
 * A file of ours as the image has it: blanks in place of types, so that every line and column of a stack trace is that of the source,
 * and imports of the files as they are called there. It is what Node makes of it at each start otherwise, for which it loads a compiler
 * of its own: a relay took 1.2 times the processor time to start, and 25 MB more for as long as it ran.
 * @throws SyntaxError for what is more than types, such as an enum
 */
export const toJavaScript = (source: string): string =>
  stripTypeScriptTypes(source).replaceAll(
    /(\b(?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/g,
    '$1$2$3.js$2',
  );

/** What a file of ours is called in the image. */
export const nameInImage = (file: string): string => file.replace(/\.ts$/, '.js');
