/**
 * The preload that turns telemetry on: `node --import @payments/runtime/telemetry apps/payment/src/main.ts`.
 *
 * The order matters. Modules can be patched only when the loader's hooks stand before they are imported, and static
 * imports are all evaluated first: so the hooks are registered here, in a module that imports nothing else of note,
 * and the SDK is imported after that. Registered any other way under ESM, nothing is patched, and nobody is told.
 */
import { register } from 'import-in-the-middle/register-hooks.mjs';

import { readTelemetryConfig } from './telemetry-config.ts';

const { disabled, ...config } = readTelemetryConfig();

if (!disabled) {
  // Only what is instrumented goes through the hooks: everything else is loaded as if they were not there.
  register({ include: ['pg', 'pg-pool', '@grpc/grpc-js', 'pino'] });
  const { startTelemetry } = await import('./start-telemetry.ts');
  startTelemetry(config);
}
