import { readFile } from 'node:fs/promises';

/** What the commands look for in the file of the running local system. It is somebody else's: nothing in it is certain. */
export type Stack = {
  payment?: { grpc?: unknown } | null;
  postgres?: { url?: unknown } | null;
  kafka?: { brokers?: unknown } | null;
  jaeger?: { query?: unknown; otlp?: unknown } | null;
};

/** Reads `stack.json`. A file that is missing or half written says nothing. */
export const readStack = async (stackFile: string): Promise<Stack> => {
  try {
    return (JSON.parse(await readFile(stackFile, 'utf8')) ?? {}) as Stack;
  } catch {
    return {};
  }
};
