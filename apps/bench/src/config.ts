/** Where a Java is that somebody chose for this machine. */
export function javaHome(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env['JAVA_HOME'] || undefined;
}

/**
 * All that a measured process gets of our environment: no secret of whoever runs the benchmarks, and none of the variables by which
 * the JVM, Quarkus, Node or a client of PostgreSQL would be set otherwise than it is told here.
 */
export function bareEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { PATH: env['PATH'] };
}
