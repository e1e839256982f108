import { isoTime } from './iso-time.ts';
import { KafkaError } from './kafka-error.ts';

/**
 * The context attributes of a CloudEvent 1.0. The event's data is the Kafka message's value.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 */
export type CloudEvent = {
  id: string;
  /** A URI reference: who says it. */
  source: string;
  type: string;
  /** What it is about, within the source. */
  subject?: string;
  time?: Date;
  /** Media type of the value: the header `content-type`. */
  dataContentType?: string;
};

/** Header names of the Kafka protocol binding, binary content mode. */
const names = {
  specversion: 'ce_specversion',
  id: 'ce_id',
  source: 'ce_source',
  type: 'ce_type',
  subject: 'ce_subject',
  time: 'ce_time',
  dataContentType: 'content-type',
} as const;

/**
 * The headers of a CloudEvent in the binary mode of its Kafka protocol binding: each attribute as `ce_` and its name,
 * the media type of the value as `content-type`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode
 */
export function cloudEventHeaders(event: CloudEvent): Record<string, string> {
  const headers: Record<string, string> = {
    [names.specversion]: '1.0',
    [names.id]: event.id,
    [names.source]: event.source,
    [names.type]: event.type,
  };
  if (event.subject !== undefined) headers[names.subject] = event.subject;
  if (event.time) headers[names.time] = isoTime(event.time);
  if (event.dataContentType !== undefined) headers[names.dataContentType] = event.dataContentType;
  return headers;
}

/**
 * Reads the CloudEvent out of the headers of a Kafka message in binary mode.
 * @throws KafkaError `INVALID_CLOUD_EVENT` that names what is missing or wrong
 */
export function readCloudEvent(headers: Readonly<Record<string, string>>): CloudEvent {
  const version = required(headers, names.specversion);
  if (version !== '1.0') throw invalid(`${names.specversion} is ${JSON.stringify(version)}, not "1.0"`);
  const subject = headers[names.subject];
  const time = headers[names.time];
  const dataContentType = headers[names.dataContentType];
  return {
    id: required(headers, names.id),
    source: required(headers, names.source),
    type: required(headers, names.type),
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time: timestamp(time) }),
    ...(dataContentType !== undefined && { dataContentType }),
  };
}

function required(headers: Readonly<Record<string, string>>, name: string): string {
  const value = headers[name];
  if (!value) throw invalid(`the header ${name} is missing or empty`);
  return value;
}

function timestamp(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw invalid(`${names.time} is ${JSON.stringify(text)}, not a timestamp`);
  return time;
}

function invalid(problem: string): KafkaError {
  return new KafkaError('INVALID_CLOUD_EVENT', `not a CloudEvent 1.0 in binary mode: ${problem}`);
}
