import { createHash } from 'node:crypto';
import { cloudEventHeaders } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import { messageType, payloadBytes, payloadDigits } from './messages.ts';
import type { Messages } from './messages.ts';

/** The same messages as those that are written to the database, as a producer is given them: keys, payloads, all headers. */
export function memoryMessages({ topic, from, count, keys }: Messages): KafkaMessage[] {
  return Array.from({ length: count }, (_, index) => memoryMessage(from + index, { topic, keys }));
}

/** One of them. */
export function memoryMessage(number: number, { topic, keys }: Pick<Messages, 'topic' | 'keys'>) {
  const subject = createHash('md5').update(String(number)).digest('hex');
  const event = cloudEventHeaders({
    id: crypto.randomUUID(),
    source: '/payments/payment',
    type: messageType,
    subject,
    time: new Date(),
    dataContentType: 'application/protobuf',
  });
  const span = createHash('md5').update(`span${number}`).digest('hex').slice(0, 16);
  const traceparent = `00-${subject}-${span}-00`;
  const value = Buffer.from(String(number).padStart(payloadDigits, '0').padEnd(payloadBytes, '.'));
  return { topic, key: `key-${number % keys}`, value, headers: { ...event, traceparent } };
}
