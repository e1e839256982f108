import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drainMs } from '@payments/servers';
import { eventually, otlpReceiver, type OtlpReceiver, type Program } from '@payments/testing';
import { execa } from 'execa';
import { makeImages, type Images } from './image/image.fixture.ts';
import { isIn, readCatalogue } from './operations/documents.fixture.ts';
import { payInTrace } from './pay-in-trace.fixture.ts';
import { clientOf, startSystem, type System } from './system.fixture.ts';

/** No folder to write to, should something look for one. */
const nowhere = { HOME: '/nonexistent', TMPDIR: '/nonexistent' };
const runToItsEnd = ({ file, args, cwd }: Program, env: Record<string, string> = {}) =>
  execa(file, args, { cwd, env: { ...nowhere, ...env, NODE_OPTIONS: '' }, reject: false });

/** Tells who it is, and where it can write. */
const lookAround = (places: string[]) => `
  const { writeFileSync } = require('node:fs');
  const tries = ${JSON.stringify(places)}.map((place) => {
    try { writeFileSync(place + '/written', ''); return place + ' was written to'; } catch (error) { return error.code; }
  });
  const { pid, version } = process;
  console.log(JSON.stringify({ pid, uid: process.getuid(), gid: process.getgid(), version, tries }));`;

describe('the images', () => {
  const closing = new AsyncDisposableStack();
  let system: System;
  let collector: OtlpReceiver;
  let images: Images<'payment' | 'relay' | 'notifier'>;

  beforeAll(async () => {
    [system, collector, images] = await Promise.all([
      startSystem().then((one) => closing.use(one)),
      otlpReceiver().then((one) => closing.use(one)),
      makeImages('payment', 'relay', 'notifier').then((one) => closing.use(one)),
    ]);
    if (!images.contained)
      console.log(
        'Without root there are no namespaces: the images run in their folders, not as containers.',
      );
  });
  afterAll(() => closing.disposeAsync());

  it('are run by the pinned Node, by an ordinary user who can write nowhere, as process 1', async () => {
    const places = images.contained
      ? ['', '/app', '/app/bundle', '/tmp', '/dev', '/usr/lib']
      : ['.', 'bundle'];
    const { stdout } = await runToItsEnd(
      images.of('relay').runInstead('/usr/local/bin/node', '--eval', lookAround(places)),
    );
    const seen = JSON.parse(stdout) as { uid: number; tries: string[] };
    expect(seen.uid).not.toBe(0);
    expect(seen).toMatchObject({ version: process.version });
    if (images.contained) expect(seen).toMatchObject({ pid: 1, uid: 65532, gid: 65532 });
    expect(seen.tries.filter((code) => !['EROFS', 'EACCES'].includes(code))).toEqual([]);
  });

  it('migrate with `--migrate-only`, and end', async () => {
    const env = { DATABASE_URL: system.postgres.url, OTEL_SDK_DISABLED: 'true' };
    const ended = [
      await runToItsEnd(images.of('payment').run('--migrate-only'), env),
      await runToItsEnd(images.of('notifier').run('--migrate-only'), env),
    ];
    expect(ended).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    const client = await system.connect();
    const { rows } = await client.query(
      `select to_regclass('payment.payment') is not null and to_regclass('outbox.message') is not null
         and to_regclass('notifier.inbox') is not null as there`,
    );
    expect(rows).toEqual([{ there: true }]);
  });

  it('take a payment from gRPC to Slack in one trace, have the metrics of every service, and end in time when they are told to', async () => {
    const env = { ...nowhere, ...collector.env };
    const services = await Promise.all(
      (['payment', 'relay', 'notifier'] as const).map((app) => system.start(app, env, images.of(app).run())),
    );
    await Promise.all(services.map((service) => service.ready()));
    const [payment] = services;
    using client = clientOf(payment as (typeof services)[number]);
    const { traceId } = await payInTrace(client, 'r-image');
    await eventually(() => expect(system.slack.received()).toHaveLength(1), { timeoutMs: 60_000 });

    const insert = expect.stringMatching(/^pg\.query:INSERT/);
    const expected = [insert, 'create payment-event', 'process payment-event', 'POST'];
    const names = () => collector.spans().flatMap((span) => (span.traceId === traceId ? span.name : []));
    await eventually(() => expect(names()).toEqual(expect.arrayContaining(expected)), { timeoutMs: 30_000 });

    // An instrumentation that a bundle or the preload breaks fails nothing: its metrics are just not there.
    const ofAll = (await readCatalogue()).filter(({ of }) => of.includes('all'));
    expect(ofAll.length).toBeGreaterThan(3);
    for (const { http } of services)
      await eventually(async () => {
        const page = await (await fetch(`http://${http}/metrics`)).text();
        const families = [...page.matchAll(/^# TYPE (\w+)/gm)].map(([, family = '']) => family);
        const missing = ofAll.filter((metric) => !families.some((family) => isIn([metric], family)));
        expect(missing.map(({ name }) => name)).toEqual([]);
      });

    const insist = setTimeout(() => services.map((service) => service.kill('SIGKILL')), drainMs);
    const ends = await Promise.all(services.map((service) => service.kill('SIGTERM')));
    clearTimeout(insist);
    expect(ends).toEqual(['exit code 0', 'exit code 0', 'exit code 0']);
  });
});
