/** The memory that requests are written into. */
export type RequestRoom = {
  /** Room for so many bytes, beside all that was taken since `free`. */
  take: (bytes: number) => Buffer;
  /** What was taken is not in use any more, and is given out again. */
  free: () => void;
};

/** How much is kept between two requests, in bytes. It is memory only as far as it was ever written. */
const mostKept = 16 * 1024 * 1024;

/**
 * One buffer for the requests of a connection. A new one for each is memory outside of V8's heap, which has all of that heap marked
 * before it gives any back: a quarter of the processor's time of a producer.
 */
export function requestRoom(): RequestRoom {
  let kept = Buffer.alloc(0);
  let taken = 0;
  return {
    take: (bytes) => {
      const end = taken + bytes;
      const room = end <= kept.byteLength ? kept.subarray(taken, end) : Buffer.allocUnsafeSlow(bytes);
      taken = end;
      return room;
    },
    free: () => {
      if (taken > kept.byteLength && taken <= mostKept) kept = Buffer.allocUnsafeSlow(taken);
      taken = 0;
    },
  };
}
