// Builds the programs and what they load at run time into dist/. Run by `make build`.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'warning',
  legalComments: 'none',
  // Smaller files load faster; names stay, so that stacks can be read.
  minifySyntax: true,
  minifyWhitespace: true,
};

const program = { ...common, banner: { js: '#!/usr/bin/env node' } };

/** YAML is a third of all code of the CLI, and hardly ever needed: a file of its own costs no start anything. */
const yamlApart = {
  name: 'yaml-apart',
  setup(setup) {
    setup.onResolve({ filter: /^yaml$/ }, () => ({ path: '../lib/yaml.js', external: true }));
  },
};

/** Native parts of ssh2, which it does without: what is in one file can't load another that lies beside it. */
const nothingNative = {
  name: 'nothing-native',
  setup(setup) {
    setup.onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'native' }));
    setup.onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: "throw new Error('native parts are not used')",
    }));
  },
};

/** An entry whose source is not there is passed over, so that parts can be built on their own. */
const bundles = [
  { ...program, entryPoints: ['clients/cli/main.ts'], outfile: 'dist/bin/runspace', plugins: [yamlApart] },
  { ...common, entryPoints: ['clients/typescript/index.ts'], outfile: 'dist/lib/client.js' },
  { ...common, entryPoints: ['node_modules/yaml/dist/index.js'], outfile: 'dist/lib/yaml.js' },
  // Its packages read files that lie beside them.
  { ...program, entryPoints: ['src/daemon/main.ts'], outfile: 'dist/bin/runspaced', packages: 'external' },
  // All of it in one file, loaded whole at start: replacing the installation never breaks a running keeper.
  { ...common, entryPoints: ['src/keeper/main.ts'], outfile: 'dist/lib/keeper.js', plugins: [nothingNative] },
];

async function buildBundle(bundle) {
  if (!existsSync(bundle.entryPoints[0])) return;
  await build(bundle);
  if (bundle.banner !== undefined) chmodSync(bundle.outfile, 0o755);
}

async function buildRunner() {
  const builder = './src/engine/javascript/build-runner.cjs';
  if (!existsSync('src/engine/javascript/runner/runner.ts')) return;
  writeFileSync('dist/lib/javascript-runner.js', await require(builder).bundleRunner());
}

async function buildPythonRunner() {
  writeFileSync('dist/lib/python-runner.py', require('./src/engine/python/build-runner.cjs').bundleRunner());
}

function copyBashSources() {
  for (const name of ['runner', 'interpreter'])
    copyFileSync(`src/engine/bash/${name}.sh`, `dist/lib/bash-${name}.sh`);
}

/** The API as data, for gRPC reflection: ours, health and reflection itself, whose packages bring their proto files. */
function buildDescriptors() {
  const reflection = 'node_modules/@grpc/reflection/build/proto';
  const modules = [
    { path: 'proto', excludes: ['proto/runspace/keeper'] },
    { path: 'node_modules/grpc-health-check/proto' },
    { path: reflection, includes: [`${reflection}/grpc`] },
  ];
  const config = JSON.stringify({ version: 'v2', modules });
  execFileSync('node_modules/.bin/buf', ['build', '--config', config, '-o', 'dist/lib/api.binpb'], {
    stdio: 'inherit',
  });
}

process.chdir(import.meta.dirname);
mkdirSync('dist/bin', { recursive: true });
mkdirSync('dist/lib', { recursive: true });
buildDescriptors();
copyBashSources();
// Each is built although another can't be: esbuild has told why.
const results = await Promise.allSettled([...bundles.map(buildBundle), buildRunner(), buildPythonRunner()]);
if (results.some(({ status }) => status === 'rejected')) process.exitCode = 1;
