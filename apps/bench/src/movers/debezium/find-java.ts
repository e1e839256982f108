import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Debezium Server 3 runs on nothing older. */
const oldest = 21;
/** Where distributions put their Javas. */
const installed = '/usr/lib/jvm';

/**
 * A Java that is new enough for Debezium Server: that of JAVA_HOME, of PATH, or one that is installed beside it.
 * @throws Error that says what to install
 */
export async function findJava({ javaHome }: { javaHome: string | undefined }): Promise<string> {
  const others = (await readdir(installed).catch(() => [])).map((name) => join(installed, name, 'bin/java'));
  const candidates = [...(javaHome ? [join(javaHome, 'bin/java')] : []), 'java', ...others];
  for (const java of candidates) if ((await versionOf(java)) >= oldest) return java;
  throw new Error(
    `Debezium Server needs Java ${oldest} or newer, and none is in JAVA_HOME, on PATH or in ${installed}: ` +
      `install one (https://adoptium.net), or leave --peers out.`,
  );
}

/** Its major version; 0 where it does not run. */
async function versionOf(java: string): Promise<number> {
  const { stderr = '' } = await execa(java, ['-version'], { reject: false });
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}
