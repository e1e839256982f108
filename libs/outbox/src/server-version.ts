/** A server's version, as a number (180004) and by name (18.4). */
export interface ServerVersion {
  version: number;
  name: string;
}

/** The columns of a `select` that ask for it. */
export const serverVersion = `
  current_setting('server_version_num')::integer as version, current_setting('server_version') as name`;

/** Why a server of this version cannot hold an outbox, or undefined. */
export function tooOld({ version, name }: ServerVersion): string | undefined {
  return version < 170000 ? `The outbox needs PostgreSQL 17 or newer; this is ${name}.` : undefined;
}
