/** `npm run servers`: PostgreSQL, Kafka, Jaeger and the Slack stand-in, without the services. `--help` says how. */
import { Command } from 'commander';

import { choosePorts } from './choose-port.ts';
import { serverPorts } from './config.ts';
import { runStack } from './run-stack.ts';
import type { Stack } from './run-stack.ts';
import { describeServers, writeStackFile } from './stack-file.ts';
import { startServers } from './start-servers.ts';
import type { Servers } from './start-servers.ts';
import { whenAborted } from './when-aborted.ts';

const options = new Command('npm run servers --')
  .description(
    'Boots PostgreSQL, Kafka, Jaeger (if it is there) and a Slack stand-in; stays up until Ctrl-C.',
  )
  .option('--fresh', 'begin empty: forget all payments and messages of earlier runs', false)
  .showHelpAfterError('(--help explains)')
  .parse()
  .opts<{ fresh: boolean }>();

await runStack({ command: 'npm run servers', fresh: options.fresh }, async (stack) => {
  stack.screen.heading('The servers of the payment system');
  const ports = await choosePorts(serverPorts(stack.config), (text) => stack.screen.warn(text));
  await using servers = await startServers(stack, ports);
  const apps = { payment: null, relay: null, notifier: null };
  await using _file = await writeStackFile(stack.config.stateDir, { ...apps, ...describeServers(servers) });
  showServices(stack, servers);
  await whenAborted(stack.stop);
});

/** How to run a service on these servers, ready to be copied. */
function showServices({ screen }: Stack, servers: Servers): void {
  screen.heading('Each service in a terminal of its own');
  screen.line(`  export DATABASE_URL=${servers.databaseUrl}`);
  screen.line(`  export KAFKA_BROKERS=${servers.kafkaBrokers.join(',')}`);
  screen.line(`  export SLACK_WEBHOOK_URL=${servers.slack.webhook}`);
  if (servers.otlpEndpoint) screen.line(`  export OTEL_EXPORTER_OTLP_ENDPOINT=${servers.otlpEndpoint}`);
  // Quoted: braces mean something to a shell.
  if (servers.traceUrl) screen.line(`  export TRACE_URL='${servers.traceUrl}'`);
  for (const name of ['payment', 'relay', 'notifier']) screen.line(`  npm run app -- ${name}`);
  screen.line('\nCtrl-C stops everything; what was stored is kept for the next start.\n');
  servers.slack.onMessage(({ text }) => screen.row('Slack', text));
}
