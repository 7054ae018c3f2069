const { spawnSync } = require('node:child_process');
const path = require('node:path');

/** Before tests of the built programs: they must be those of this source. `make test` builds; a bare jest does not. */
module.exports = function requireFreshBuild() {
  const root = path.join(__dirname, '..', '..');
  const { status } = spawnSync('make', ['-q', 'dist/.stamps/programs'], { cwd: root, stdio: 'ignore' });
  if (status !== 0)
    throw new Error('dist/ is not built from the present source: run `make build` first, or `make test`');
};
