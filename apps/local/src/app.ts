/**
 * `npm run app -- payment|relay|notifier`: one service in the foreground, configured by the environment alone. It runs in
 * this very process, so signals and the exit code are its own. Nothing but the preload may be imported before it.
 */
const services = ['payment', 'relay', 'notifier'];
const [name, ...rest] = process.argv.slice(2);

const asked = process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h');

if (asked || name === undefined || !services.includes(name) || rest.length > 0) {
  const usage = `Usage: npm run app -- ${services.join('|')}\n\nRuns one service in the foreground, configured by the environment alone; SIGTERM drains it.`;
  if (asked) console.log(usage);
  else console.error(`${complaint()}\n\n${usage}`);
  process.exit(asked ? 0 : 1);
}

function complaint(): string {
  if (name === undefined) return 'Which service?';
  if (!services.includes(name)) return `There is no service "${name}".`;
  return `Too many arguments after "${name}": ${rest.join(' ')}`;
}

process.env['OTEL_SERVICE_NAME'] ??= name;
// Not by its name as it stands: to the linter a library is either imported at the start or later, and the other files
// of this project import this one at the start.
const preload = '@payments/runtime/telemetry';
await import(preload);
await import(new URL(`../../${name}/src/main.ts`, import.meta.url).href);
