import kafkajs from 'kafkajs';
import type { Kafka, LogEntry, SASLOptions } from 'kafkajs';

import type { KafkaConfig, KafkaLog } from './kafka-config.ts';
import { connectSocket, trackSockets } from './sockets.ts';
import type { SocketFactory } from './sockets.ts';
import { connectWithFiles } from './tls-files.ts';

/** What every opener of this library takes. */
export type ClientOptions = {
  kafka: KafkaConfig;
  log?: KafkaLog | undefined;
  /** Opens the connections instead of {@link connectSocket}. */
  socketFactory?: SocketFactory | undefined;
};

/** One kafkajs client and its connections. */
export type Client = {
  kafka: Kafka;
  /** Cuts its connections now. It cannot be used again, and says nothing more. */
  destroy(): void;
};

const connectTimeoutMs = 5000;

/** kafkajs changes its defaults when NODE_ENV is `test`: all of them are given here. */
const retryTimes = { initialRetryTime: 100, maxRetryTime: 5000, factor: 0.2, multiplier: 2 };

/**
 * Opens a kafkajs client; nothing is connected yet.
 * @param options.requestTimeoutMs how long a reply may take
 */
export function openClient(options: ClientOptions & { requestTimeoutMs: number }): Client {
  const { brokers, clientId, ssl, sasl } = options.kafka;
  const connect = options.socketFactory ?? connectSocket;
  const sockets = trackSockets(ssl ? connectWithFiles(connect, ssl) : connect);
  let log = options.log;
  const kafka = new kafkajs.Kafka({
    brokers: fromAnywhere(brokers),
    clientId,
    ssl: ssl !== undefined,
    ...(sasl && { sasl: sasl as SASLOptions }),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    retry: retryTimesOf(brokers.length - 1),
    socketFactory: sockets.open,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => log?.(toLine(entry)),
  });
  return {
    kafka,
    destroy: () => {
      log = undefined;
      sockets.destroy();
    },
  };
}

/** kafkajs's settings for `retries` repetitions of a request. */
export function retryTimesOf(retries: number): typeof retryTimes & { retries: number } {
  return { ...retryTimes, retries };
}

/** kafkajs asks the first broker first, always: a client opened anew because that one is dead would meet it again. */
function fromAnywhere(brokers: readonly string[]): string[] {
  const start = Math.floor(Math.random() * brokers.length);
  return [...brokers.slice(start), ...brokers.slice(0, start)];
}

function toLine({ namespace, label, log }: LogEntry): string {
  const { message, broker, groupId } = log as { message: string; broker?: string; groupId?: string };
  const about = [broker && `broker ${broker}`, groupId && `group ${groupId}`].filter(Boolean).join(', ');
  return `kafkajs ${label.toLowerCase()} ${namespace}: ${message}${about && ` (${about})`}`;
}
