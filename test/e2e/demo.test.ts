import { execFile } from 'node:child_process';
import path from 'node:path';
import { powershellForTests } from '../support/requirements';

const root = path.join(__dirname, '..', '..');

interface Outcome {
  readonly exitCode: number | string | undefined;
  readonly output: string;
}

function runDemo(): Promise<Outcome> {
  const choice = powershellForTests();
  const env = choice === undefined ? process.env : { ...process.env, RUNSPACED_PWSH: choice };
  return new Promise((resolve) => {
    execFile(process.execPath, ['demo/demo.mjs'], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (error.code ?? undefined), output: stdout + stderr });
    });
  });
}

test('the demo keeps all its promises', async () => {
  const { exitCode, output } = await runDemo();
  const broken = output.split('\n').filter((line) => line.includes('✗'));
  expect({ exitCode, broken }).toEqual({ exitCode: 0, broken: [] });
}, 120_000);
