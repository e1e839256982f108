import type { Scenario } from './scenario.ts';
import { drain } from './scenarios/drain.ts';
import { idle } from './scenarios/idle.ts';
import { size } from './scenarios/size/size.ts';

/** All that can be measured, in the order of the page. */
export const scenarios: readonly Scenario[] = [drain, idle, size];
