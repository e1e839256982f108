import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

type Settings = Record<string, string>;

/** A topic as its KafkaTopic has it. */
export interface TopicManifest {
  metadata: { name: string };
  spec: { partitions: number; config: Record<string, unknown> };
}

/** What a KafkaUser is allowed. */
export interface Allowed {
  resource: { type: string; name: string; patternType: string };
  operations: string[];
}

interface UserManifest {
  metadata: { name: string };
  spec: { authorization: { acls: Allowed[] } };
}

const folder = join(import.meta.dirname, '../../../../deploy/components/strimzi');
const text = (file: string) => readFileSync(join(folder, file), 'utf8');
const all = <T>(file: string) => parseAllDocuments(text(file)).map((document) => document.toJS() as T);

/** The topics of the manifests. */
export const topics = all<TopicManifest>('topics.yaml');

/** The users of the manifests, each with what it is allowed. */
export const users = all<UserManifest>('users.yaml').map(({ metadata, spec }) => ({
  name: metadata.name,
  acls: spec.authorization.acls,
}));

/** The settings of the brokers. */
export const brokerSettings = asText(
  (parse(text('kafka.yaml')) as { spec: { kafka: { config: Record<string, unknown> } } }).spec.kafka.config,
);

/** Settings as Kafka takes them, with one replica of each message where there are to be three. */
export function onOneBroker(settings: Record<string, unknown>): Settings {
  const counted = /replication\.factor$|min\.isr$|min\.insync\.replicas$/;
  const lowered = Object.entries(settings).map(([name, value]) => [name, counted.test(name) ? 1 : value]);
  return asText(Object.fromEntries(lowered) as Record<string, unknown>);
}

function asText(settings: Record<string, unknown>): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}
