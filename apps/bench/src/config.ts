/** Where a Java is that somebody chose for this machine. */
export function javaHome(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env['JAVA_HOME'] || undefined;
}
