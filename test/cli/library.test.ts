import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { distFolder, Machine } from '../e2e/support/machine';

const readme = readFileSync(join(__dirname, '..', '..', 'clients', 'typescript', 'README.md'), 'utf8');

test('P112 the example of the README runs with the built library', async () => {
  const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const library = JSON.stringify(join(distFolder, 'lib', 'client.js'));
  const body = example.replace(/^import .*$/m, `const { connect } = require(${library});`);
  const { code } = await transform(`(async () => {${body}})()`, { loader: 'ts', target: 'node20' });
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { env: machine.environment });
  expect(stdout.split('\n')).toEqual([
    '[ 40, 1970-01-01T00:00:00.000Z ]',
    "1n localhost { kind: { '$case': 'string', value: 'A' } }",
    "2n localhost { kind: { '$case': 'string', value: 'B' } }",
    'FINAL_STATE_COMPLETED',
    '',
  ]);
});
