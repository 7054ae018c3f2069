/**
 * Bundles the JavaScript engine's runner, with the interpreter and its worker inside it as texts, into one text.
 * `node src/engine/javascript/build-runner.cjs FILE` writes it to a file.
 */
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const esbuild = require('esbuild');

/** An import of `bundled:FILE` is the text of FILE's own bundle. */
const bundledText = {
  name: 'bundled-text',
  setup(build) {
    build.onResolve({ filter: /^bundled:/ }, ({ path: name, resolveDir }) => ({
      path: path.join(resolveDir, name.slice('bundled:'.length)),
      namespace: 'bundled',
    }));
    build.onLoad({ filter: /.*/, namespace: 'bundled' }, async ({ path: entry }) => ({
      contents: await bundle(`${entry}.ts`),
      loader: 'text',
    }));
  },
};

async function bundle(entry) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'iife',
    minifySyntax: true,
    minifyWhitespace: true,
    // Plain ASCII: the length of the text is its length in bytes.
    charset: 'ascii',
    plugins: [bundledText],
  });
  return outputFiles[0].text;
}

function bundleRunner() {
  return bundle(path.join(__dirname, 'runner', 'runner.ts'));
}

module.exports = { bundleRunner };

if (require.main === module) bundleRunner().then((text) => writeFileSync(process.argv[2], text));
