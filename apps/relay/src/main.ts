import { openProducer } from '@payments/kafka';
import { createLog, openHealth, runUntilSignal } from '@payments/runtime';
import { lastValueFrom, tap } from 'rxjs';

import { readRelayConfig } from './config.ts';
import { observeFigures } from './metrics/observe-figures.ts';
import { observeLanes } from './metrics/observe-lanes.ts';
import { followReadiness, parts } from './follow-readiness.ts';
import { runRelay } from './run-relay.ts';

const log = createLog('relay');

await runUntilSignal(
  async (stop) => {
    const config = readRelayConfig(process.env);
    const kafkaLog = (line: string) => log.debug(line);
    await using health = await openHealth({ listen: config.httpListen, parts, stop });
    await using producer = openProducer({ kafka: config.kafka, log: kafkaLog });
    await using _figures = observeFigures({ databaseUrl: config.databaseUrl, log });
    using lanes = observeLanes();
    log.info({ http: health.address }, 'listening');
    const readiness = followReadiness({ health, log });
    let published = 0;
    const rounds$ = runRelay({ config, producer, readiness, log, kafkaLog, stop, onSession: lanes.follow });
    const counted$ = rounds$.pipe(tap((round) => (published += round.published)));
    const last = await lastValueFrom(counted$, { defaultValue: null });
    log.info({ published, moreWaits: last?.full ?? null }, 'stopped');
  },
  { log },
);
