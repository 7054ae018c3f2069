// Builds the programs and what they load at run time into dist/. Run by `make build`.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { Script } from 'node:vm';
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
    setup.onResolve({ filter: /^yaml$/ }, () => ({ path: './yaml.js', external: true }));
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

/**
 * The CLI with its code compiled here, which spares each of its starts a sixth of its processor time. V8 looks at no more than the length of
 * a source before it believes what was compiled of it, so both files are named by what is in them. Another version of Node compiles anew.
 */
async function buildCli() {
  const entry = 'clients/cli/main.ts';
  if (!existsSync(entry)) return;
  const options = { ...common, entryPoints: [entry], write: false, plugins: [yamlApart] };
  // What was compiled before can't import, but it can require.
  const { outputFiles } = await build({ ...options, supported: { 'dynamic-import': false } });
  const [{ text }] = outputFiles;
  const name = `cli-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  const path = `dist/lib/${name}.js`;
  for (const old of readdirSync('dist/lib'))
    if (/^cli-.*\.(js|compiled)$/.test(old)) rmSync(`dist/lib/${old}`);
  writeFileSync(path, text);
  writeFileSync(
    `dist/lib/${name}.compiled`,
    new Script(Module.wrap(text), { filename: path }).createCachedData(),
  );
  writeFileSync('dist/bin/runspace', loaderOf(name));
  chmodSync('dist/bin/runspace', 0o755);
}

function loaderOf(name) {
  return `#!/usr/bin/env node
'use strict';
const { existsSync, readFileSync, realpathSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');
const here = dirname(realpathSync(__filename));
const folder = join(here, '..', 'lib');
const filename = join(folder, '${name}.js');
const compiled = join(folder, '${name}.compiled');
const cachedData = existsSync(compiled) ? readFileSync(compiled) : undefined;
const run = new Script(wrap(readFileSync(filename, 'utf8')), { filename, cachedData }).runInThisContext();
const module_ = { exports: {} };
run.call(module_.exports, module_.exports, createRequire(filename), module_, filename, here);
`;
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
const results = await Promise.allSettled([
  ...bundles.map(buildBundle),
  buildCli(),
  buildRunner(),
  buildPythonRunner(),
]);
if (results.some(({ status }) => status === 'rejected')) process.exitCode = 1;
