import { createRequire } from 'node:module';

import type { ProduceRequest } from './produce-request.ts';

type Encoder = { buffer: Buffer };
type Request = { encode: () => Promise<Encoder> };

const require = createRequire(import.meta.url);
const createRequest = require('kafkajs/src/protocol/request.js') as (options: object) => Promise<Encoder>;
const produce = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (of: object) => Request;

/** What kafkajs's own encoder makes of a produce request without idempotence. `now`: the time of all records. */
export async function kafkajsRequest(asked: ProduceRequest, now: number): Promise<Buffer> {
  const { correlationId, clientId, topicData, ...more } = asked;
  const withTimes = topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, messages }) => ({
      partition,
      firstSequence: 0,
      messages: messages.map((message) => ({ ...message, timestamp: now })),
    })),
  }));
  const request = produce({ ...more, producerId: -1, producerEpoch: 0, topicData: withTimes });
  const { buffer } = await createRequest({ correlationId, clientId, request });
  return buffer;
}
