/** What keeps the local stack from working, told to a person: the message names the remedy, and no stack is printed. */
export class StackError extends Error {
  override readonly name = 'StackError';
}
