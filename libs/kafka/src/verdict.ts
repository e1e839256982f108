/**
 * What to do about messages that Kafka did not take:
 * - `retry`: nothing is wrong with them; the same ones again, first, for ever
 * - `park-message`: this message can never be taken (of several, one of them)
 * - `park-topic`: nothing of this topic can be taken until somebody mends the topic
 * - `bisect`: nobody knows; find out which message it is, a few tries, then park it
 */
export type Verdict = 'retry' | 'park-message' | 'park-topic' | 'bisect';

/** A judged error. `retriable`: the same call may succeed later without a change by anybody. */
export type Judgement = { verdict: Verdict; retriable: boolean };

const retry: Judgement = { verdict: 'retry', retriable: true };
/** The way to Kafka is barred by configuration: no message's fault, so nothing is skipped, but nobody can wait it out. */
const barred: Judgement = { verdict: 'retry', retriable: false };
const parkMessage: Judgement = { verdict: 'park-message', retriable: false };
const parkTopic: Judgement = { verdict: 'park-topic', retriable: false };
const bisect: Judgement = { verdict: 'bisect', retriable: false };

/**
 * The one table from an error's code to its judgement. Codes in capitals are the broker's (the error codes of
 * https://kafka.apache.org/protocol#protocol_error_codes, by kafkajs's names); the others are kafkajs's error classes
 * and our own.
 */
const judgements: Readonly<Record<string, Judgement>> = {
  // Broker away, starting, or not the one to ask.
  KafkaJSConnectionError: retry,
  KafkaJSConnectionClosedError: retry,
  KafkaJSRequestTimeoutError: retry,
  KafkaJSBrokerNotFound: retry,
  KafkaJSNoBrokerAvailableError: retry,
  KafkaJSMetadataNotLoaded: retry,
  KafkaJSTopicMetadataNotLoaded: retry,
  KafkaJSStaleTopicMetadataAssignment: retry,
  KafkaJSGroupCoordinatorNotFound: retry,
  KafkaJSLockTimeout: retry,
  KafkaJSTimeout: retry,
  SEND_TIMED_OUT: retry,
  ABORTED: retry,
  CLOSED: retry,
  READ_STALLED: retry,
  TOPIC_NOT_LED: retry,
  NETWORK_EXCEPTION: retry,
  REQUEST_TIMED_OUT: retry,
  BROKER_NOT_AVAILABLE: retry,
  NOT_CONTROLLER: retry,
  UNKNOWN: retry,

  // The leader moved, or its replicas do.
  LEADER_NOT_AVAILABLE: retry,
  NOT_LEADER_FOR_PARTITION: retry,
  REPLICA_NOT_AVAILABLE: retry,
  FENCED_LEADER_EPOCH: retry,
  UNKNOWN_LEADER_EPOCH: retry,
  PREFERRED_LEADER_NOT_AVAILABLE: retry,
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retry,
  NOT_ENOUGH_REPLICAS: retry,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retry,
  KAFKA_STORAGE_ERROR: retry,
  LISTENER_NOT_FOUND: retry,
  /** `send` resolved, and a partition is missing in what it returned. */
  PARTITION_NOT_ANSWERED: retry,
  /** A checksum did not fit when the bytes arrived: damaged on the way. */
  CORRUPT_MESSAGE: retry,

  // The group moves.
  GROUP_COORDINATOR_NOT_AVAILABLE: retry,
  NOT_COORDINATOR_FOR_GROUP: retry,
  GROUP_LOAD_IN_PROGRESS: retry,
  REBALANCE_IN_PROGRESS: retry,
  ILLEGAL_GENERATION: retry,
  UNKNOWN_MEMBER_ID: retry,
  FENCED_INSTANCE_ID: retry,
  MEMBER_ID_REQUIRED: retry,
  OFFSET_NOT_AVAILABLE: retry,
  UNSTABLE_OFFSET_COMMIT: retry,
  FETCH_SESSION_ID_NOT_FOUND: retry,
  INVALID_FETCH_SESSION_EPOCH: retry,
  GROUP_REJOINED: retry,

  // The way is barred for everything: a password, a right, a version.
  KafkaJSSASLAuthenticationError: barred,
  SASL_AUTHENTICATION_FAILED: barred,
  UNSUPPORTED_SASL_MECHANISM: barred,
  ILLEGAL_SASL_STATE: barred,
  CLUSTER_AUTHORIZATION_FAILED: barred,
  GROUP_AUTHORIZATION_FAILED: barred,
  SECURITY_DISABLED: barred,
  UNSUPPORTED_VERSION: barred,
  KafkaJSServerDoesNotSupportApiKey: barred,
  /** One producer, one send at a time: a second one beside it is a mistake of the caller. */
  SEND_UNDER_WAY: barred,
  /** Our patch of kafkajs is missing: `npm ci` puts it in. */
  KAFKAJS_NOT_PATCHED: barred,

  // The message.
  MESSAGE_TOO_LARGE: parkMessage,
  RECORD_LIST_TOO_LARGE: parkMessage,
  INVALID_TIMESTAMP: parkMessage,
  INVALID_RECORD: parkMessage,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: parkMessage,
  INVALID_CLOUD_EVENT: parkMessage,

  // The topic. kafkajs calls an unknown one retriable, and it is: somebody may create it; but no repetition does.
  UNKNOWN_TOPIC_OR_PARTITION: { verdict: 'park-topic', retriable: true },
  TOPIC_AUTHORIZATION_FAILED: parkTopic,
  INVALID_TOPIC_EXCEPTION: parkTopic,
  POLICY_VIOLATION: parkTopic,
  INVALID_REPLICATION_FACTOR: parkTopic,
};

/** Judges an error by its code. A code that is not in the table is nobody's known trouble: `bisect`. */
export function judge(code: string): Judgement {
  return (Object.hasOwn(judgements, code) && judgements[code]) || bisect;
}

/** What a client gets that cannot get through to Kafka, whatever it wants there; another one, elsewhere, perhaps can. */
const outOfReach: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSTimeout',
  'SEND_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'KafkaJSSASLAuthenticationError',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

/** Whether an error with this code says that Kafka is out of this client's reach, not that it refused something. */
export function isOutOfReach(code: string): boolean {
  return outOfReach.has(code);
}
