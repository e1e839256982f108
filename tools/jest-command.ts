/** How jest is run here, without its arguments. The script `jest` in package.json says the same for people and for nx. */
export const jestCommand: readonly string[] = [
  'node',
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
