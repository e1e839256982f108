import { expect, it } from '@jest/globals';
import { eventually, startService, testServers, throwAwayTopic } from '@payments/testing';
import { startCommand } from '../start-command.fixture.ts';
import { outboxWithClient } from './outbox-with-client.fixture.ts';

it('the commands see a message through that Kafka refuses: parked, discarded, its followers released, one sent again', async () => {
  await using database = await outboxWithClient();
  await using kafka = await throwAwayTopic();
  const outbox = (...args: string[]) => startCommand('outbox', args, { DATABASE_URL: database.url }).ended;
  const append = (key: string, size: number) =>
    database.client
      .query<{ id: string }>(
        `select outbox.append($1, $2, 'Placed', convert_to(repeat('x', $3), 'UTF8')) as id`,
        [...[kafka.topic, key, size]],
      )
      .then(({ rows }) => rows[0]?.id ?? '');
  const poison = await append('poisoned', 2_000_000);
  const follower = await append('poisoned', 10);
  const healthy = await append('healthy', 10);
  await using relay = await startService({
    app: 'relay',
    env: { DATABASE_URL: database.url, KAFKA_BROKERS: testServers().kafkaBrokers.join(',') },
  });
  await relay.ready();

  await eventually(async () => {
    const { exitCode, stdout } = await outbox('status');
    expect(stdout).toMatch(/^all published; 1 key is parked, with 2 messages\n/);
    expect(exitCode).toBe(2);
  });
  expect((await outbox('parked')).stdout).toContain(poison);
  expect((await outbox('show', poison)).stdout).toMatch(/status +PARKED\n[^]*Kafka refused it\n/);
  expect((await outbox('show', follower)).stdout).toMatch(/it follows one of its key that is parked\n/);
  expect((await outbox('show', healthy)).stdout).toMatch(/status +PUBLISHED\n[^]*published +20/);

  const discarded = await outbox('discard', poison, '--yes');
  expect(discarded).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('DISCARD') });
  expect((await outbox('parked')).stdout).toContain('nothing is ahead of it any more: release it');
  const released = await outbox('release', 'poisoned', '--yes');
  expect(released).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/RELEASE +│ +1 │/) });
  expect((await outbox('list', '--key', 'poisoned')).stdout).toMatch(/PUBLISHED [^]*DISCARDED /);

  const again = await outbox('republish', '--since', '1h', '--key', 'healthy', '--yes');
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/REPUBLISH +│ +1 │/) });
  expect(await outbox('status')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^all published\n/),
  });
}, 180_000);
