/** How many bytes go to a partition in one request. */
export type RequestBytes = {
  now(): number;
  /**
   * Kafka found a request too large. `requestsAt` tells how many requests its messages make at another bound. The bound is
   * halved until they make several: a topic may take less, with nothing wrong in any message. Where no bound does that it
   * is the message, and the others need not suffer for it: all goes back to the beginning.
   */
  refused(requestsAt: (bytes: number) => number): void;
};

/** Begins with `most` bytes. */
export function requestBytes(most: number): RequestBytes {
  let bytes = most;
  return {
    now: () => bytes,
    refused: (requestsAt) => {
      do bytes /= 2;
      while (bytes >= 1 && requestsAt(bytes) === 1);
      if (bytes < 1) bytes = most;
    },
  };
}
