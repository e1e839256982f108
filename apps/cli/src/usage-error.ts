/** What was typed cannot be carried out; the message names the part and its remedy. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
