/** `npm start`: the whole system on this machine. `--help` says how. */
import { Command } from 'commander';

import { choosePorts } from './choose-port.ts';
import { serverPorts, servicePorts } from './config.ts';
import { followOrder } from './follow-order.ts';
import { payCommand } from './pay-command.ts';
import { runStack } from './run-stack.ts';
import type { Stack } from './run-stack.ts';
import { makeSampleOrder } from './sample-order.ts';
import { shortPath } from './short-path.ts';
import { describeServers, writeStackFile } from './stack-file.ts';
import type { StackFile } from './stack-file.ts';
import { startServers } from './start-servers.ts';
import type { Servers } from './start-servers.ts';
import type { Service } from './start-service.ts';
import { logDirectory, startServices } from './start-services.ts';
import type { Services } from './start-services.ts';
import { watchTopic } from './stations/kafka-message.ts';
import { whenAborted } from './when-aborted.ts';

const options = new Command('npm start --')
  .description(
    'Boots PostgreSQL, Kafka, Jaeger (if it is there), a Slack stand-in and the three services, sends one sample order and shows its whole way; stays up until Ctrl-C.',
  )
  .option('--exit', 'stop after the sample order: exit 0 if it was seen at every station', false)
  .option('--fresh', 'begin empty: forget all payments and messages of earlier runs', false)
  .showHelpAfterError('(--help explains)')
  .parse()
  .opts<{ exit: boolean; fresh: boolean }>();

await runStack({ command: 'npm start', fresh: options.fresh }, async (stack) => {
  const { screen, stop } = stack;
  screen.heading('Payments on this machine');
  const notice = (text: string) => screen.warn(text);
  const ports = await choosePorts({ ...serverPorts(stack.config), ...servicePorts(stack.config) }, notice);
  await using servers = await startServers(stack, ports);
  const order = makeSampleOrder();
  const inKafka = watchTopic({ brokers: servers.kafkaBrokers, key: order.reservationId, stop });
  inKafka.catch(() => {}); // Told at its station.
  await using services = await startServices({ ...stack, servers, ports });
  await using _file = await writeStackFile(stack.config.stateDir, describeStack(servers, services));
  await followOrder({ ...stack, servers, services, order, inKafka });
  if (!options.exit) await stayUp(stack, servers, services);
});

/** Until somebody stops it, the terminal shows what Slack would. */
async function stayUp(
  { config, screen, stop }: Stack,
  { slack }: Servers,
  { payment }: Services,
): Promise<void> {
  screen.heading('Everything is up');
  screen.row('pay', payCommand(payment.listening.grpc as string));
  screen.row('Slack', `${slack.page} and here, below`);
  screen.row('logs', `${shortPath(logDirectory(config))}/`);
  screen.line(
    '\nCtrl-C stops everything; payments are kept for the next start (`npm start -- --fresh` forgets them).\n',
  );
  slack.onMessage(({ text }) => screen.row('Slack', text));
  await whenAborted(stop);
}

function describeStack(servers: Servers, { payment, relay, notifier }: Services): StackFile {
  const http = ({ listening }: Service) => `http://${listening.http}`;
  return {
    payment: { grpc: payment.listening.grpc as string, http: http(payment) },
    relay: { http: http(relay) },
    notifier: { http: http(notifier) },
    ...describeServers(servers),
  };
}
