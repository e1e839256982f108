import type { Messages } from '../load/messages.ts';

/** Who sends from memory: kafkajs as it comes, or the producer of `libs/kafka` that the relay uses. */
export type MemorySender = 'kafkajs' | 'ours';

/** What the process that sends from memory is told: to make messages, then to send them. */
export type MemoryOrder = { make: Messages; perRequest: number } | { send: true };
