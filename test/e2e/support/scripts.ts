/** The commands of these tests, in the language of one engine. */
export interface Scripts {
  readonly engine: 'javascript' | 'powershell' | 'python' | 'bash';
  /** Writes 1, 2, 3 … `count`; rests for `restMs` after every `burst` of them. */
  numbers(count: number, burst: number, restMs: number): string;
  /** Goes on when there is such a file. */
  waitFor(file: string): string;
  /** Writes every item of its input. */
  readonly echo: string;
  /** Adds a line to the file. */
  append(file: string): string;
  /** Writes `begun`, then never ends by itself. */
  readonly endless: string;
  /** Sets the variable `kept`. */
  set(value: number): string;
  /** Writes the variable `kept`. */
  readonly get: string;
}

export const javascript: Scripts = {
  engine: 'javascript',
  numbers: (count, burst, restMs) => `
    for (let i = 1; i <= ${String(count)}; i++) {
      console.log(i);
      if (i % ${String(burst)} === 0) await new Promise((resolve) => setTimeout(resolve, ${String(restMs)}));
    }`,
  waitFor: (file) =>
    `while (!require('node:fs').existsSync(${JSON.stringify(file)})) await new Promise((resolve) => setTimeout(resolve, 10));`,
  echo: 'for await (const item of input) console.log(item);',
  append: (file) => `require('node:fs').appendFileSync(${JSON.stringify(file)}, 'once\\n');`,
  endless: `console.log('begun'); await new Promise(() => setInterval(() => undefined, 1000));`,
  set: (value) => `globalThis.kept = ${String(value)}; undefined`,
  get: 'kept',
};

export const powershell: Scripts = {
  engine: 'powershell',
  numbers: (count, burst, restMs) =>
    `for ($i = 1; $i -le ${String(count)}; $i++) { $i; if ($i % ${String(burst)} -eq 0) { [Threading.Thread]::Sleep(${String(restMs)}) } }`,
  waitFor: (file) => `while (-not [IO.File]::Exists('${file}')) { [Threading.Thread]::Sleep(10) }`,
  echo: '$input | ForEach-Object { $_ }',
  append: (file) => `[IO.File]::AppendAllText('${file}', "once\`n")`,
  endless: `'begun'; while ($true) { [Threading.Thread]::Sleep(50) }`,
  set: (value) => `$kept = ${String(value)}`,
  get: '$kept',
};

export const python: Scripts = {
  engine: 'python',
  numbers: (count, burst, restMs) =>
    [
      'import time',
      `for i in range(1, ${String(count)} + 1):`,
      '  print(i)',
      `  if i % ${String(burst)} == 0: time.sleep(${String(restMs / 1000)})`,
    ].join('\n'),
  waitFor: (file) => `import os, time\nwhile not os.path.exists(${JSON.stringify(file)}): time.sleep(0.01)\n`,
  echo: 'for item in pipeline_input: print(item)',
  append: (file) => `open(${JSON.stringify(file)}, 'a').write('once\\n') and None\n`,
  endless: `print('begun')\nwhile True: pass`,
  set: (value) => `kept = ${String(value)}`,
  get: 'kept',
};

export const bash: Scripts = {
  engine: 'bash',
  numbers: (count, burst, restMs) =>
    `for ((i = 1; i <= ${String(count)}; i++)); do echo $i; ((i % ${String(burst)})) || sleep ${String(restMs / 1000)}; done`,
  waitFor: (file) => `until [ -e '${file}' ]; do sleep 0.01; done`,
  echo: 'cat',
  append: (file) => `echo once >>'${file}'`,
  endless: 'echo begun; while :; do :; done',
  set: (value) => `kept=${String(value)}`,
  get: 'echo $kept',
};
