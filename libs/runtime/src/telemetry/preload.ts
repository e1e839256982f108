/**
 * The preload that turns telemetry on: `node --import @payments/runtime/telemetry apps/payment/src/main.ts`.
 *
 * The order matters. Modules can be patched only when the loader's hooks stand before they are imported, and static
 * imports are all evaluated first: so the hooks are registered here, in a module that imports nothing else of note,
 * and the SDK is imported after that. Registered any other way under ESM, nothing is patched, and nobody is told.
 */
import { register } from 'import-in-the-middle/register-hooks.mjs';

import { readTelemetryConfig } from './config.ts';
import type { TelemetryConfig } from './config.ts';

const { disabled, ...config } = read();

if (!disabled) {
  // Only what is instrumented goes through the hooks: everything else is loaded as if they were not there. Not Node's own
  // modules, which have one object for `import` and `require`: patched for both, each request would have two spans.
  register({ include: ['pg', 'pg-pool', 'pino'] });
  const { startTelemetry } = await import('./start-telemetry.ts');
  await startTelemetry(config);
}

/** As with every other variable: a bad one is named, and ends the start. */
function read(): TelemetryConfig {
  try {
    return readTelemetryConfig();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
