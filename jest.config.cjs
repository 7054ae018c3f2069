/** Tests run the TypeScript directly (types are checked by `make check`); programs under test are the built ones in dist/. */
const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', explicitResourceManagement: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** Folders of test/ whose tests start what `make build` leaves in dist/. */
const needBuild = ['api', 'e2e', 'cli', 'clients-python', 'daemon'];

module.exports = {
  maxWorkers: 2,
  // Patience, not a measure: CI machines are shared. It counts only here, not in a project.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/totals-reporter.cjs'],
  projects: [
    {
      ...shared,
      displayName: 'rooms',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: needBuild.map((folder) => `<rootDir>/test/${folder}/`),
    },
    {
      ...shared,
      displayName: 'programs',
      testMatch: needBuild.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
      globalSetup: '<rootDir>/test/support/requires-build.cjs',
    },
  ],
};
