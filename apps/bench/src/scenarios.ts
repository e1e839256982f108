import type { Scenario } from './scenario.ts';
import { drain } from './scenarios/drain.ts';
import { idle } from './scenarios/idle.ts';
import { service } from './scenarios/service.ts';
import { size } from './scenarios/size/size.ts';
import { writer } from './scenarios/writer.ts';
import { writer } from './scenarios/writer/writer.ts';

/** All that can be measured, in the order of the page. */
export const scenarios: readonly Scenario[] = [drain, writer, writer, service, idle, size];
