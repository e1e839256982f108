import { tcpProxy, type Passing, type TcpProxy, type Verdict } from '@payments/testing';

/** The api key of a produce request (kafka.apache.org/protocol). */
const produce = 0;

/** A proxy in front of a broker that knows produce requests and the replies to them. */
export interface BrokerDoor extends AsyncDisposable {
  proxy: TcpProxy;
  /**
   * Cuts the connection in place of the next reply to a produce request, `times` times. The reply has come, so the broker has
   * appended the messages. True when that has happened, false when it has not within `withinMs`.
   */
  cutProduceReplies: (times: number, withinMs: number) => Promise<boolean>;
  /** Holds the next produce request back; resolves when there is one. `proxy.release()` passes it on. */
  holdProduce: () => Promise<void>;
}

/** What is known of one connection: where in a frame each direction stands, and which requests wait for their replies. */
interface Wire {
  request: Frames;
  reply: Frames;
  due: number[];
}

/** Opens a door to `target` (`host:port`). */
export async function brokerDoor(target: string): Promise<BrokerDoor> {
  const proxy = await tcpProxy({ target });
  const wires = new Map<number, Wire>();
  let cuts = { left: 0, done: () => undefined as void };
  let hold: (() => void) | undefined;

  const judgeRequest = (wire: Wire, bytes: Buffer): Verdict => {
    const { heads, next } = readFrames(wire.request, bytes, 6);
    const apis = heads.map((head) => head.readInt16BE(4));
    if (hold && apis.includes(produce)) {
      hold();
      hold = undefined;
      // These bytes come by again when they are released.
      return 'hold';
    }
    wire.request = next;
    wire.due.push(...apis);
    return 'pass';
  };
  const judgeReply = (wire: Wire, bytes: Buffer): Verdict => {
    const { heads, next } = readFrames(wire.reply, bytes, 4);
    wire.reply = next;
    const answered = wire.due.splice(0, heads.length);
    if (cuts.left === 0 || !answered.includes(produce)) return 'pass';
    cuts.left -= 1;
    if (cuts.left === 0) cuts.done();
    return 'cut';
  };
  const judge = ({ connection, direction, bytes }: Passing): Verdict => {
    const wire = wires.get(connection) ?? { request: atStart, reply: atStart, due: [] };
    wires.set(connection, wire);
    return direction === 'request' ? judgeRequest(wire, bytes) : judgeReply(wire, bytes);
  };
  // The proxy carries out one verdict and then asks no more.
  const watch = (): void => void proxy.faultWhen(judge).then(watch);
  watch();

  return {
    proxy,
    cutProduceReplies: (times, withinMs) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          cuts.left = 0;
          resolve(false);
        }, withinMs);
        const done = () => {
          clearTimeout(giveUp);
          resolve(true);
        };
        cuts = { left: times, done };
      }),
    holdProduce: () => new Promise((resolve) => (hold = resolve)),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

/** Where a stream of frames stands, each of which is four bytes of length and the rest. */
interface Frames {
  /** The first bytes of a frame that is not known yet. */
  begun: Buffer;
  /** Bytes that are still missing of a frame that is known. */
  missing: number;
}

const atStart: Frames = { begun: Buffer.alloc(0), missing: 0 };

/** The first `headBytes` of each frame that becomes known with `bytes`. */
function readFrames(from: Frames, bytes: Buffer, headBytes: number): { heads: Buffer[]; next: Frames } {
  const heads: Buffer[] = [];
  let { missing } = from;
  let rest = bytes;
  let { begun } = from;
  for (;;) {
    const skipped = Math.min(missing, rest.length);
    missing -= skipped;
    rest = rest.subarray(skipped);
    if (rest.length === 0) return { heads, next: { begun, missing } };
    const taken = rest.subarray(0, headBytes - begun.length);
    begun = Buffer.concat([begun, taken]);
    rest = rest.subarray(taken.length);
    if (begun.length < headBytes) return { heads, next: { begun, missing } };
    heads.push(begun);
    missing = begun.readInt32BE(0) + 4 - headBytes;
    begun = atStart.begun;
  }
}
