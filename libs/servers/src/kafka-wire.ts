import { connect } from 'node:net';

/** One request of Kafka's protocol, in a version whose layout the caller knows (kafka.apache.org/protocol). */
export interface KafkaRequest {
  /** `host:port`. */
  broker: string;
  api: number;
  version: number;
  /** Versions marked "flexible" have tagged fields in their headers. */
  flexible?: boolean;
  body: Buffer;
  timeoutMs?: number;
}

/** Sends one request over a connection of its own and returns the reply's body. */
export async function askKafka(request: KafkaRequest): Promise<KafkaReader> {
  const reader = readFrom(await exchange(request));
  reader.int32(); // correlation id: the connection carries one request
  if (request.flexible) reader.tags();
  return reader;
}

function exchange({
  broker,
  api,
  version,
  flexible,
  body,
  timeoutMs = 10_000,
}: KafkaRequest): Promise<Buffer> {
  const header = [
    int16(api),
    int16(version),
    int32(1),
    string('payments-servers'),
    flexible ? noTags : Buffer.alloc(0),
  ];
  const message = Buffer.concat([...header, body]);
  const [host, port] = broker.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) }, () =>
      socket.write(Buffer.concat([int32(message.length), message])),
    );
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`${broker} did not reply within ${timeoutMs} ms`)),
    );
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      resolve(received.subarray(4));
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`${broker} closed the connection instead of replying`));
    });
  });
}

const fixed = (size: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
};

/** Kafka's primitive types, big-endian. */
export const int8 = (value: number) => fixed(1, (buffer) => buffer.writeInt8(value));
export const int16 = (value: number) => fixed(2, (buffer) => buffer.writeInt16BE(value));
export const int32 = (value: number) => fixed(4, (buffer) => buffer.writeInt32BE(value));
export const int64 = (value: bigint) => fixed(8, (buffer) => buffer.writeBigInt64BE(value));
export const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
export const array = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items]);
/** Of flexible versions: lengths are small (below 127 here) and one more than they say. */
export const compactArray = (items: readonly Buffer[]) => Buffer.concat([int8(items.length + 1), ...items]);
export const compactString = (text: string) =>
  Buffer.concat([varint(Buffer.byteLength(text) + 1), Buffer.from(text)]);
export const noTags = Buffer.from([0]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return Buffer.from(bytes);
  }
}

/** Reads a reply from its front. */
export interface KafkaReader {
  int8: () => number;
  int16: () => number;
  int32: () => number;
  int64: () => bigint;
  string: () => string | null;
  array: <T>(item: () => T) => T[];
  compactString: () => string | null;
  compactArray: <T>(item: () => T) => T[];
  tags: () => void;
}

function readFrom(buffer: Buffer): KafkaReader {
  let at = 0;
  const advance = (size: number) => (at += size) - size;
  const text = (length: number) => (length < 0 ? null : buffer.toString('utf8', advance(length), at));
  const items = <T>(length: number, item: () => T) => Array.from({ length: Math.max(0, length) }, item);
  const varint = () => {
    for (let shift = 0, value = 0; ; shift += 7) {
      const byte = buffer.readUInt8(advance(1));
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  return {
    int8: () => buffer.readInt8(advance(1)),
    int16: () => buffer.readInt16BE(advance(2)),
    int32: () => buffer.readInt32BE(advance(4)),
    int64: () => buffer.readBigInt64BE(advance(8)),
    string: () => text(buffer.readInt16BE(advance(2))),
    array: (item) => items(buffer.readInt32BE(advance(4)), item),
    compactString: () => text(varint() - 1),
    compactArray: (item) => items(varint() - 1, item),
    tags: () => {
      items(varint(), () => [varint(), advance(varint())]);
    },
  };
}
