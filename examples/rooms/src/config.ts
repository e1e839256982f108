import { brokers, databaseUrl, readConfig } from '@payments/runtime';
import { z } from 'zod';

const schema = z.object({ DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers.default(['127.0.0.1:19092']) });

/** Where PostgreSQL and Kafka are; by default where `npm start` and `npm run servers` have them. @throws ConfigError */
export function readRoomsConfig(env: Readonly<Record<string, string | undefined>>) {
  const { DATABASE_URL, KAFKA_BROKERS } = readConfig(schema, env);
  return { databaseUrl: DATABASE_URL, kafka: { brokers: KAFKA_BROKERS, clientId: 'rooms' } };
}
