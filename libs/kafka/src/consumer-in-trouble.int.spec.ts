import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { retry } from 'rxjs';

import {
  committedBy,
  consumer,
  fill,
  kafka,
  membersOf,
  newGroup,
  stopConsumers,
  upTo,
} from './consuming.fixture.ts';
import { ledTopic } from './led-topic.fixture.ts';
import { messages$ } from './messages.ts';
import { connectSocket } from './sockets.ts';

afterEach(stopConsumers);

/** In milliseconds. A broker takes 6000 too, but a busy machine that stands still for so long would end the session of a sound member. */
const sessionTimeoutMs = 10_000;

describe('a consumer that is slow to ack', () => {
  it('is paused, stays a member for longer than the session time-out, and then goes on', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(20));
    const reader = consumer({ ...group, sessionTimeoutMs, maxUncommitted: 4 });
    await reader.has(4);
    const members = await membersOf(group.groupId);
    await pause(sessionTimeoutMs + 2000);
    expect(reader.texts()).toEqual(upTo(4));
    expect(await membersOf(group.groupId)).toEqual(members);

    let acked = 0;
    await eventually(() => {
      for (; acked < reader.received.length; acked += 1) reader.received[acked]?.ack();
      expect(reader.received).toHaveLength(20);
    });
    expect(reader.texts()).toEqual(upTo(20));
    expect(reader.joined).toEqual([12]);
    await reader.stop();
  });
});

describe('trouble', () => {
  it('ends the stream, when the topic is not there', async () => {
    const reader = consumer(newGroup(`no-such-topic-${randomUUID()}`));
    await expect(reader.ended).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true });
  });

  it('ends the stream, when the brokers are gone', async () => {
    const reader = consumer({
      ...newGroup('any'),
      kafka: { brokers: ['127.0.0.1:1'], clientId: 'messages-spec' },
    });
    await expect(reader.ended).rejects.toMatchObject({ code: 'KafkaJSConnectionError', retriable: true });
  });

  it('ends the stream when the group gave the partitions away meanwhile: what was not acked would be passed over', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const sockets: Socket[] = [];
    const frozen = consumer({
      ...group,
      sessionTimeoutMs,
      socketFactory: (options) => {
        const socket = connectSocket(options);
        sockets.push(socket);
        return socket;
      },
    });
    await frozen.has(2);
    sockets.forEach((socket) => socket.pause());
    await eventually(async () => expect(await membersOf(group.groupId)).toEqual([]), { timeoutMs: 60_000 });
    sockets.forEach((socket) => socket.resume());
    await expect(frozen.ended).rejects.toMatchObject({ code: 'GROUP_REJOINED', retriable: true });
    expect(frozen.received[0]?.revoked.aborted).toBe(true);

    const next = consumer(group);
    await next.has(2);
  });

  it('ends the stream when the brokers go away, and a new subscription goes on where the acks end', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(3));
    const sockets = new Set<ReturnType<typeof connectSocket>>();
    let away = false;
    const errors: unknown[] = [];
    const texts: string[] = [];
    const stop = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    messages$({
      kafka,
      ...group,
      sessionTimeoutMs,
      signal: stop.signal,
      drainTimeoutMs: 0,
      socketFactory: (options) => {
        const socket = connectSocket(away ? { ...options, port: 1 } : options);
        sockets.add(socket);
        return socket;
      },
    })
      .pipe(retry({ delay: (error) => Promise.resolve((away = false)).then(() => errors.push(error)) }))
      .subscribe({
        next: (message) => {
          texts.push(message.value.toString());
          if (texts.length === 1) message.ack();
        },
        complete: resolve,
      });
    await eventually(() => expect(texts).toHaveLength(3));
    await eventually(async () => expect(await committedBy(group.groupId, made.topic)).toEqual(['1']));

    away = true;
    for (const socket of sockets) socket.destroy(new Error('the broker is gone'));
    await eventually(() => expect(texts.slice(3)).toContain('m2'), { timeoutMs: 60_000 });
    // A subscription may end more than once before the group has settled: each begins at m1 again, and none at m0.
    expect(texts.slice(0, 4)).toEqual(['m0', 'm1', 'm2', 'm1']);
    expect(new Set(texts.slice(3))).toEqual(new Set(['m1', 'm2']));
    expect(errors).not.toEqual([]);
    for (const error of errors) expect(error).toMatchObject({ name: 'KafkaError', retriable: true });
    stop.abort();
    await ended;
  });
});
