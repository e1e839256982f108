import type { Scenario } from './scenario.ts';
import { backlog } from './scenarios/backlog.ts';
import { drain } from './scenarios/drain.ts';
import { heldSnapshot } from './scenarios/held-snapshot.ts';
import { idle } from './scenarios/idle.ts';
import { latency } from './scenarios/latency.ts';
import { scaleOut } from './scenarios/scale-out.ts';
import { service } from './scenarios/service.ts';
import { size } from './scenarios/size/size.ts';
import { writer } from './scenarios/writer.ts';

/** All that can be measured, in the order of the page. */
export const scenarios: readonly Scenario[] = [
  drain,
  latency,
  writer,
  service,
  backlog,
  heldSnapshot,
  scaleOut,
  idle,
  size,
];
