import { defineConfig, globalIgnores } from 'eslint/config';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';
import { documentedExports } from './tooling/documented-exports.mjs';

const types = tseslint.configs.strictTypeChecked;

/** Rooms whose time, randomness and ids are arguments (style.md, habit 9). */
const pureRooms = ['src/core/**', 'src/psrp/**', 'src/session/**', 'src/auth/**'];
/** Programs: the only files that read the environment; the interpreter's is the one that user code sees. */
const programs = [
  'src/daemon/**',
  'src/keeper/main.ts',
  'src/engine/javascript/interpreter/main.ts',
  'clients/cli/**',
];
/** Tables and codecs, long because what they list is long. */
const longFiles = ['src/psrp/clixml/**', 'src/core/error.ts', 'src/core/value.ts'];

const noEnvironment = {
  object: 'process',
  property: 'env',
  message: 'The environment is an argument: only the daemon, the keeper and the CLI read it.',
};
const hiddenInputs = [
  { object: 'Date', property: 'now', message: 'Time is an argument: take a Clock.' },
  { object: 'Math', property: 'random', message: 'Randomness is an argument.' },
];
const hiddenGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'crypto', 'performance'].map((name) => ({
  name,
  message: 'Time and randomness are arguments in this room.',
}));
const syntax = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
];

export default defineConfig(
  globalIgnores([
    'dist/',
    'src/gen/',
    'clients/typescript/gen/',
    'coverage/',
    'test/corpus/',
    '**/bin/',
    '**/obj/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: types,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { local: { rules: { 'documented-exports': documentedExports } } },
    rules: {
      eqeqeq: 'error',
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 400 }],
      'no-restricted-properties': ['error', noEnvironment],
      'no-restricted-syntax': ['error', ...syntax],
      'local/documented-exports': 'error',
      '@typescript-eslint/max-params': ['error', { max: 3 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, allowDefaultCaseForExhaustiveSwitch: false },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, ignoreUsingDeclarations: true },
      ],
      // A method may be async because its interface is.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: pureRooms,
    ignores: ['src/core/clock.ts'],
    rules: {
      'no-restricted-properties': ['error', noEnvironment, ...hiddenInputs],
      'no-restricted-globals': ['error', ...hiddenGlobals],
      'no-restricted-syntax': [
        'error',
        ...syntax,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take a Clock.' },
      ],
    },
  },
  { files: programs, rules: { 'no-restricted-properties': 'off' } },
  { files: longFiles, rules: { 'max-lines': 'off' } },
  {
    files: ['clients/typescript/index.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 600 }],
      'no-restricted-properties': 'off',
      'local/documented-exports': 'off',
      // Jest's asymmetric matchers are of type any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    files: ['test/**/*.test.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'fc.assert', 'assert*'] }],
      'jest/no-disabled-tests': 'error',
      'jest/valid-title': ['error', { ignoreTypeOfDescribeName: true }],
      'jest/prefer-to-have-length': 'error',
      'jest/no-test-return-statement': 'error',
    },
  },
  {
    files: ['test/support/**/*.ts'],
    rules: { 'local/documented-exports': 'error' },
  },
  {
    files: ['**/*.{mjs,cjs,js}'],
    extends: [tseslint.configs.recommended],
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, ignoreUsingDeclarations: true },
      ],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
