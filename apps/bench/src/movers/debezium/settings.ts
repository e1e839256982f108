import { headersByColumn, names } from './outbox-table.ts';

/** What Debezium Server is told, as lines of `application.properties`. The values are those that it was found to be fastest with. */
export function settingsOf(options: {
  databaseUrl: string;
  brokers: readonly string[];
  slot: string;
  offsetsFile: string;
  httpPort: number;
  pollMs: number;
}): string {
  const { slot, offsetsFile, httpPort, pollMs } = options;
  const database = new URL(options.databaseUrl);
  const settings = {
    ...under('quarkus', { 'log.level': 'WARN', 'http.host': '127.0.0.1', 'http.port': httpPort }),
    ...under('debezium.sink', { type: 'kafka' }),
    ...under('debezium.sink.kafka.producer', {
      'bootstrap.servers': options.brokers.join(),
      'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
      'value.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
      acks: 'all',
      'enable.idempotence': true,
      'batch.size': 262_144,
      'buffer.memory': 67_108_864,
      'linger.ms': 0,
    }),
    ...under('debezium.source', {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': database.hostname,
      'database.port': database.port,
      'database.user': database.username,
      'database.password': '',
      'database.dbname': database.pathname.slice(1),
      'topic.prefix': 'bench',
      'plugin.name': 'pgoutput',
      'publication.name': names.publication,
      'publication.autocreate.mode': 'disabled',
      'slot.name': slot,
      'table.include.list': `${names.schema}.${names.table}`,
      'snapshot.mode': 'no_data',
      // Four more headers, of Debezium's own.
      'extended.headers.enabled': false,
      'offset.storage.file.filename': offsetsFile,
      'offset.flush.interval.ms': 1000,
      'max.batch.size': 8192,
      'max.queue.size': 32_768,
      'record.processing.threads': 'AVAILABLE_CORES',
      'poll.interval.ms': pollMs,
    }),
    ...under('debezium.format', {
      key: 'simplestring',
      value: 'binary',
      header: 'json',
      'header.schemas.enable': false,
    }),
    'debezium.transforms': 'outbox',
    ...under('debezium.transforms.outbox', {
      type: 'io.debezium.transforms.outbox.EventRouter',
      'table.field.event.id': 'id',
      'table.field.event.key': 'key',
      'table.field.event.payload': 'payload',
      'table.fields.additional.placement': placement,
      'route.by.field': 'topic',
      // The row names its topic.
      'route.topic.replacement': '$1',
    }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const placement = Object.entries(headersByColumn)
  .map(([column, header]) => `${column}:header:${header}`)
  .join();

type Settings = Record<string, string | number | boolean>;

function under(prefix: string, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}.${name}`, value]));
}
