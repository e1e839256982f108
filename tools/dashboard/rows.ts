import type { Row } from './panel.ts';
import { behind } from './rows/behind.ts';
import { payments } from './rows/payments.ts';
import { outbox } from './rows/outbox.ts';
import { kafka } from './rows/kafka.ts';
import { notifier } from './rows/notifier.ts';
import { processes } from './rows/processes.ts';

/** The dashboard, from top to bottom. */
export const rows: Row[] = [behind, payments, outbox, kafka, notifier, processes];
