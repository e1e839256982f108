import { startService } from '../../ground/start-service.ts';
import { checkArrived } from '../../load/check-arrived.ts';
import { appendMessages } from '../../load/messages.ts';
import { followTopic } from '../../measure/follow-topic.ts';
import { costOf } from '../../measure/process-cost.ts';
import type { Cost } from '../../measure/process-cost.ts';
import type { Bench } from '../../scenario.ts';

/** Has a relay drain a backlog, and looks at it when the last message is out. All of them are checked. */
export async function relayAtFullLoad({ ground, quick, stop }: Bench): Promise<Cost> {
  await using database = await ground.database();
  const messages = { topic: await ground.topic(), from: 0, count: quick ? 2_000 : 300_000, keys: 1_000 };
  await appendMessages(database.client, { ...messages, perTransaction: 1_000 });
  await using relay = await startService(ground, {
    app: 'relay',
    databaseUrl: database.url,
    telemetry: true,
  });
  await followTopic(ground.kafka, { topic: messages.topic, total: messages.count, stop });
  const cost = await costOf([relay.pid]);
  await checkArrived(ground.kafka, { ...messages, stop });
  await ground.kafka.deleteTopic(messages.topic);
  return cost;
}
