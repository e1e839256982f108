import type { SentMessage } from './producer.ts';
import { mostBatchBytes, writeRecordBatch } from './record-batch.ts';

/** What kafkajs knows of a produce request when it is to be written. */
export type ProduceRequest = {
  apiKey: number;
  /** 3 to 7: they look the same. */
  apiVersion: number;
  correlationId: number;
  clientId: string;
  acks: number;
  /** How long the broker may take, in milliseconds. */
  timeout: number;
  topicData: readonly TopicData[];
};

/** What a request brings to a topic. */
export type TopicData = {
  topic: string;
  partitions: readonly { partition: number; messages: readonly SentMessage[] }[];
};

/** What a request has beside names, messages and partitions: 2 + 2 + 4 + 2 + 2 + 2 + 4 + 4 bytes behind its own length. */
const requestBytes = 26;
/** A topic's length of name and number of partitions. */
const topicBytes = 6;
/** A partition's number and length. */
const partitionBytes = 8;

/**
 * Writes a whole produce request: byte for byte what kafkajs makes of it, in the one buffer that goes to the socket, where kafkajs copies
 * all of it five times.
 * @param room makes room for so many bytes, where the request will lie
 * @param now milliseconds since 1970: the time of all records
 * @see https://kafka.apache.org/43/design/protocol/#The_Messages_Produce
 */
export function encodeProduceRequest(
  request: ProduceRequest,
  { room, now }: { room: (bytes: number) => Buffer; now: number },
): Buffer {
  const { apiKey, apiVersion, correlationId, clientId, acks, timeout, topicData } = request;
  const to = room(mostRequestBytes(request));
  let end = to.writeInt16BE(apiKey, 4);
  end = to.writeInt16BE(apiVersion, end);
  end = to.writeInt32BE(correlationId, end);
  end = writeString(to, end, clientId);
  end = to.writeInt16BE(-1, end); // no transaction
  end = to.writeInt16BE(acks, end);
  end = to.writeInt32BE(timeout, end);
  end = to.writeInt32BE(topicData.length, end);
  for (const { topic, partitions } of topicData) {
    end = writeString(to, end, topic);
    end = to.writeInt32BE(partitions.length, end);
    for (const { partition, messages } of partitions) {
      const begin = to.writeInt32BE(partition, end) + 4;
      end = writeRecordBatch(to, begin, { records: messages, timestamp: now });
      to.writeInt32BE(end - begin, begin - 4);
    }
  }
  to.writeInt32BE(end - 4, 0);
  return to.subarray(0, end);
}

function mostRequestBytes({ clientId, topicData }: ProduceRequest): number {
  let bytes = requestBytes + clientId.length * 3;
  for (const { topic, partitions } of topicData) {
    bytes += topicBytes + topic.length * 3;
    for (const { messages } of partitions) bytes += partitionBytes + mostBatchBytes(messages);
  }
  return bytes;
}

function writeString(to: Buffer, at: number, text: string): number {
  const bytes = to.write(text, at + 2);
  to.writeInt16BE(bytes, at);
  return at + 2 + bytes;
}
