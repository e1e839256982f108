/** The polynomial of Castagnoli, its bits turned round (https://datatracker.ietf.org/doc/html/rfc3720#appendix-B.4). */
const polynomial = 0x82f63b78;

/** Eight tables of 256: the nth tells what a byte does to a checksum that n bytes go into behind it. */
const table = tables();

/**
 * CRC-32C of `bytes`: what Kafka checks a record batch by. Eight bytes at a time ("slicing by 8"), which takes a quarter of the
 * time of kafkajs's byte by byte: 0.25 µs for 450 bytes, where that takes 1.04. Native code with the processor's own instruction
 * (@node-rs/crc32) takes 0.08: too little less to be worth a binary for each platform.
 */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength;
  let sum = -1;
  let at = 0;
  for (; at + 8 <= end; at += 8) {
    const first = sum ^ view.getInt32(at, true);
    const second = view.getInt32(at + 4, true);
    sum =
      table[1792 + (first & 255)]! ^
      table[1536 + ((first >>> 8) & 255)]! ^
      table[1280 + ((first >>> 16) & 255)]! ^
      table[1024 + (first >>> 24)]! ^
      table[768 + (second & 255)]! ^
      table[512 + ((second >>> 8) & 255)]! ^
      table[256 + ((second >>> 16) & 255)]! ^
      table[second >>> 24]!;
  }
  for (; at < end; at++) sum = table[(sum ^ view.getUint8(at)) & 255]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

function tables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1;
    made[byte] = sum;
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256]!;
    made[index] = made[before & 255]! ^ (before >>> 8);
  }
  return made;
}
