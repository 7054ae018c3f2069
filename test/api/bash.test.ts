import type { Session } from '../../clients/typescript';
import { short } from './support/raw';
import { serve } from './support/served';

describe('a bash session over the API', () => {
  const served = serve();
  let session: Session;

  beforeAll(async () => {
    session = await served.client.sessions.create({ name: 'sh', engine: 'bash' });
  }, 60_000);

  async function ran(script: string): Promise<string[]> {
    const { id } = await served.calls.start('sh', script);
    const { records } = await served.calls.receive('sh', { pipeline: id, afterSequence: 0n });
    return records.map(short);
  }

  test('P113 variables, arrays, functions, options and the current directory stay', async () => {
    expect(
      await ran('x=17; a=(one "two three"); f() { echo "f:$1"; }; set -o pipefail; cd /usr; export Y=z'),
    ).toEqual(['1 final completed']);
    expect(
      await ran('echo "$x ${#a[@]} ${a[1]}"; f 1; pwd; shopt -qo pipefail; echo $?; sh -c "echo $Y"'),
    ).toEqual([
      '1 output "17 2 two three"',
      '2 output "f:1"',
      '3 output "/usr"',
      '4 output "0"',
      '5 output "z"',
      '6 final completed',
    ]);
  });

  test('P113 P61 standard output is output, standard error information, each line once and in its order', async () => {
    const records = await ran('echo out; echo err >&2; printf "no end"');
    expect(records.filter((record) => record.includes('output'))).toEqual([
      expect.stringContaining('output "out"'),
      expect.stringContaining('output "no end"'),
    ]);
    expect(records.filter((record) => record.includes('information'))).toEqual([
      expect.stringContaining('information err'),
    ]);
  });

  test('P113 P30 an exit code is that of the last command, and exit ends the command only', async () => {
    const codeOf = async (script: string): Promise<number | undefined> => {
      const { id } = await served.calls.start('sh', script);
      const { records } = await served.calls.receive('sh', { pipeline: id, afterSequence: 0n });
      const last = records.at(-1)?.body;
      return last?.$case === 'final' ? last.value.exitCode : undefined;
    };
    expect([await codeOf('false'), await codeOf('exit 7'), await codeOf('true | (exit 3) | true')]).toEqual([
      1, 7, 3,
    ]);
    expect(await ran('echo "$x"')).toEqual(['1 output "17"', '2 final completed']);
  });

  test('P113 P14 input comes as lines, arguments as parameters', async () => {
    const pipeline = session.invoke('while read -r line; do echo "<$line> $1"; done', {
      input: ['a', 'b c'],
      arguments: ['arg'],
    });
    const values: unknown[] = [];
    for await (const value of pipeline.values()) values.push(value);
    expect(values).toEqual(['<a> arg', '<b c> arg']);
  });

  test('P113 P67 a stop ends a loop and a sleeping program; a trap of the session stays', async () => {
    await ran("trap 'echo trapped' USR1");
    for (const script of ['while :; do :; done', 'sleep 600']) {
      const running = await session.start(script);
      const { info } = await session.stop({ pipeline: running.id }).then(() => session.refresh());
      expect(info.runningPipelineId).toBe('');
    }
    expect(await ran('kill -USR1 $$; echo "$x"')).toEqual([
      '1 output "trapped"',
      '2 output "17"',
      '3 final completed',
    ]);
  });
});
