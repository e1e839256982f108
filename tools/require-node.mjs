/** Preloaded by the npm scripts that run our own code: one clear sentence instead of a syntax error under an older Node. */
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `This project runs on Node 24 or newer; this is ${process.version}. ` +
      '`npm ci` brings Node 24 along on Linux (x64, arm64) and Windows (x64); elsewhere run `nvm install` (see .nvmrc).',
  );
  process.exit(1);
}
