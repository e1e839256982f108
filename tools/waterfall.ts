import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { startJaeger, startSlackStandIn } from '@payments/servers';
import { startSystem } from './screens/start-system.ts';
import { drawWaterfall } from './waterfall/draw-waterfall.ts';
import { traceOneOrder } from './waterfall/trace-one-order.ts';

const program = new Command()
  .name('npm run waterfall --')
  .description(
    'Draws the trace of one payment: starts PostgreSQL, Kafka, Jaeger, a Slack stand-in and the three services, pays an ' +
      "order as `npm run pay` does, and reads its trace out of Jaeger's query API.",
  )
  .option('--out <file>', 'where the drawing goes, an SVG', 'docs/screens/trace.svg')
  .showHelpAfterError('(--help explains)')
  .parse();
const { out } = program.opts<{ out: string }>();

/** The first payments of a process are slow: connections are opened, and code is compiled. */
const warmUps = 3;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
await using jaeger = await startJaeger();
if (jaeger === null) {
  console.error('Jaeger is not here, and it keeps the traces: `npm run tools` builds it.');
  process.exit(1);
}
console.log('starting PostgreSQL, Kafka and the services');
await using slack = await startSlackStandIn();
await using system = await startSystem(stop.signal);
const traced = {
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp,
  OTEL_BSP_SCHEDULE_DELAY: '200',
};
const { listening } = await system.start('payment', traced);
await system.start('relay', traced);
await system.start('notifier', { ...traced, SLACK_WEBHOOK_URL: slack.webhook });

const place = { address: listening.grpc ?? '', slack, jaeger, stop: stop.signal };
for (let i = 1; i <= warmUps; i++) {
  console.log(`paying, to warm up: ${i} of ${warmUps}`);
  await traceOneOrder(place);
}
console.log('paying, for the drawing');
const spans = await traceOneOrder(place);
const svg = drawWaterfall(spans, 'The trace of one payment, from the command to Slack');
await mkdir(dirname(out), { recursive: true });
await writeFile(out, svg);
console.log(`${out}  ${spans.length} spans, ${Math.ceil(svg.length / 1000)} kB`);
