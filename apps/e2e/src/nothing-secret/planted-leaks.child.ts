/**
 * Loaded into a service by NODE_OPTIONS: leaks every text of PLANTED_LEAKS (a JSON array) into a span, the log and a metric, so that
 * the spec is seen to find them there.
 */
import { metrics, trace } from '@opentelemetry/api';
import { plantedLeaks } from '../config.ts';

// What the service is started with comes after this module, and the tracer has to be there.
await import('@payments/runtime/telemetry');

const counter = metrics.getMeter('planted').createCounter('planted');
for (const leak of plantedLeaks()) {
  trace.getTracer('planted').startSpan('planted', { attributes: { leak } }).end();
  console.log(JSON.stringify({ msg: 'planted', leak }));
  counter.add(1, { leak });
}
