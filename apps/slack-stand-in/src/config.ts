import { hostPort, readConfig } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';

/** What the stand-in is told by its environment. */
export type StandInConfig = { listen: HostPort };

const variables = z.object({ SLACK_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9104 }) });

/** The names of all variables that it reads, besides those of telemetry. */
export const standInVariables: readonly string[] = Object.keys(variables.shape);

/** Reads the environment. @throws ConfigError that names every bad variable */
export const readStandInConfig = (env: Readonly<Record<string, string | undefined>>): StandInConfig => ({
  listen: readConfig(variables, env).SLACK_LISTEN,
});
