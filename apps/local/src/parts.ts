import { StackError } from './stack-error.ts';

/** A process of the stack. Its end is the end of the stack. */
export type Part = {
  name: string;
  pid: number;
  /** Resolves with what ended it. */
  ended: Promise<string>;
  /** What ends it at once without harm to what it keeps. */
  lastResort: NodeJS.Signals;
};

/** The processes of the stack that live. */
export type Parts = {
  add(part: Part): void;
  /** Aborted with a StackError as reason when a part ends that nobody asked to. */
  broken: AbortSignal;
  /** From now on parts end because they are asked to. */
  expectEnds(): void;
  /** Ends what still lives, at once. Works from an `exit` handler, where nothing can be waited for. */
  killAll(): void;
};

/**
 * Keeps account of the stack's processes.
 * @param onBroken is told at once, while the rest is still to be stopped
 */
export function keepParts(onBroken: (message: string) => void): Parts {
  const living = new Set<Part>();
  const broken = new AbortController();
  let expected = false;
  const onEnd = (part: Part, how: string) => {
    living.delete(part);
    if (expected || broken.signal.aborted) return;
    const error = new StackError(`${part.name} ended unexpectedly (${how}).`);
    onBroken(error.message);
    broken.abort(error);
  };
  return {
    broken: broken.signal,
    add: (part) => {
      living.add(part);
      void part.ended.then((how) => onEnd(part, how));
    },
    expectEnds: () => void (expected = true),
    killAll: () => living.forEach(kill),
  };
}

/** Each part leads a process group of its own. */
function kill({ pid, lastResort }: Part): void {
  try {
    process.kill(-pid, lastResort);
  } catch {
    // It is gone already.
  }
}
