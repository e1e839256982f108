import type { TlsFiles } from './tls-files.ts';

/** How to reach Kafka. */
export type KafkaConfig = {
  /** `host:port` of some brokers; the others are learned from them. */
  brokers: string[];
  /** Names this client in the broker's logs and quotas. */
  clientId: string;
  /** TLS, with the files as they are at each connection; without any, with the system's authorities. */
  ssl?: TlsFiles;
  sasl?: KafkaSasl;
};

/** A user of the broker, authenticated by SASL. */
export type KafkaSasl = {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
};

/**
 * Receives what the Kafka client says about itself, one line each: reconnects, rebalances, refused requests. Whatever
 * matters to the caller is thrown as a KafkaError as well, so this is for looking closely.
 */
export type KafkaLog = (line: string) => void;
