/** The command that releases a key, to be copied into a shell as it is: a key comes from strangers, and may hold anything. */
export function releaseCommand(key: string): string {
  // Behind "--" one that begins with "-" is no option.
  return `npm run outbox -- release ${key.startsWith('-') ? '-- ' : ''}${shellWord(key)}`;
}

/** A text as one word of a POSIX shell, in which nothing is expanded. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
