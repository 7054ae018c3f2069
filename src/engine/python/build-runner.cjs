/**
 * Puts the Python engine's runner and, as a text in it, the interpreter into one source.
 * `node src/engine/python/build-runner.cjs FILE` writes it to a file.
 */
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/** Loads the others. */
const loader = 'load.py';

function bundleRunner() {
  const interpreter = path.join(__dirname, 'interpreter');
  const names = readdirSync(interpreter).filter((name) => name.endsWith('.py') && name !== loader);
  const modules = Object.fromEntries(
    names
      .sort()
      .map((name) => [path.basename(name, '.py'), readFileSync(path.join(interpreter, name), 'utf8')]),
  );
  const source = `MODULES = ${JSON.stringify(modules)}\n${readFileSync(path.join(interpreter, loader), 'utf8')}`;
  // A JSON text is also one of Python's, as long as its letters are.
  return `INTERPRETER = ${JSON.stringify(source)}\n${readFileSync(path.join(__dirname, 'runner.py'), 'utf8')}`;
}

module.exports = { bundleRunner };

if (require.main === module) writeFileSync(process.argv[2], bundleRunner());
