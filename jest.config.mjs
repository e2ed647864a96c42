/** ESM with @swc/jest; needs node --experimental-vm-modules (the test script passes it). */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testRegex: '\\.spec\\.ts$',
  // "js" first: the mapper below also rewrites './x.js' inside node_modules, where './x' must find x.js before a shipped x.ts.
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  workerIdleMemoryLimit: '700MB',
  reporters: ['default', '<rootDir>/test/support/not-run.mjs'],
  testTimeout: 60_000,
  // One worker for each processor: most of the longest suites wait for processes of their own.
  maxWorkers: '100%',
  transform: {
    '^.+\\.ts$': ['@swc/jest', {
      swcrc: false,
      sourceMaps: 'inline',
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
      module: { type: 'es6' },
    }],
  },
};
