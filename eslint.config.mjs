import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Packages with named owners: nobody else imports them, so that each can be replaced where it is named here. */
const owned = [
  // What the benchmarks measure ours against is kafkajs as it comes.
  { owner: ['libs/kafka', 'apps/bench'], patterns: ['kafkajs', 'kafkajs/*'] },
  { owner: 'apps/notifier', patterns: ['@slack/webhook'] },
  { owner: 'libs/runtime', patterns: ['@opentelemetry/sdk-*', '@opentelemetry/instrumentation-*'] },
  {
    owner: ['apps/payment', 'apps/cli', 'apps/bench', 'libs/contracts'],
    patterns: ['@grpc/grpc-js', 'grpc-health-check', '@grpc/reflection'],
  },
];
/** Boots servers and databases to throw away: nothing that ships may lean on it. */
const specsOnly = {
  group: ['@payments/testing'],
  message: 'only *.spec.ts and *.fixture.ts import it',
};
const ownerOf = ({ owner }) => [owner].flat();
const restricted = owned.map((entry) => ({
  group: entry.patterns,
  message: `owned by ${ownerOf(entry).join(', ')}: import what that project exports`,
}));

/** What a file of `owner` may not import: every owned package but its own. */
const restrictionsFor = (owner) => ({
  files: [`${owner}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [...restricted.filter((_, i) => !ownerOf(owned[i]).includes(owner)), specsOnly] },
    ],
  },
});

export default tseslint.config(
  { ignores: ['**/node_modules', '.local', '.nx', 'libs/contracts/src/generated', '**/*.d.ts'] },
  ...nx.configs['flat/base'],
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // `using lock = …` is used by being disposed.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          depConstraints: [
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib', 'type:testing'] },
            // An example uses libraries as an app does, and nobody uses an example.
            { sourceTag: 'type:example', onlyDependOnLibsWithTags: ['type:lib', 'type:testing'] },
            // Libraries stand alone; `testing`, which only specs may import (below), boots servers for them.
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:testing'] },
            { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['scope:servers'] },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...restricted, specsOnly] }] },
  },
  ...[...new Set(owned.flatMap(ownerOf))].map(restrictionsFor),
  { files: ['**/*.spec.ts', '**/*.fixture.ts'], rules: { 'no-restricted-imports': 'off' } },
);
