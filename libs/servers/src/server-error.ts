/** What went wrong while a server was started; each has a remedy in its message. */
export type ServerErrorCode = 'tool-missing' | 'port-taken' | 'data-in-use' | 'start-failed' | 'kafka';

/** A server of this machine could not be fetched, started or stopped. `message` is one sentence with the remedy. */
export class ServerError extends Error {
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServerError';
    this.code = code;
  }
}
