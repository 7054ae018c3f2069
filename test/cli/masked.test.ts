import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { onTerminal } from './support/on-terminal';
import { Shell } from './support/shell';

describeWith('powershell', 'a secret that is asked for on the terminal', () => {
  let machine: Machine;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    await machine.client().sessions.create({ name: 'ps', engine: 'powershell' });
  }, 60_000);
  afterAll(() => machine[Symbol.asyncDispose](), 60_000);

  test('P66 shows stars, takes corrections, and arrives as a SecureString or a credential', async () => {
    const script = 'param($s, $c) "$($s.Length) $($c.UserName) $($c.GetNetworkCredential().Password)"';
    const running = onTerminal(
      machine,
      'invoke',
      'ps',
      '--secret-param',
      's',
      '--credential',
      'c=ann',
      '--',
      script,
    );
    await running.sees('s: ');
    running.child.stdin?.write('hunterX\x7f2\r');
    await running.sees('*******\b \b*');
    await running.sees('Password for user ann: ');
    running.child.stdin?.write('wörd\r');
    await running.sees('7 ann wörd');
    const { code, stdout } = await running.ended;
    expect({ code, shown: stdout.includes('hunter') }).toEqual({ code: 0, shown: false });
  });

  test('P66 that is not given runs nothing', async () => {
    const running = onTerminal(machine, 'invoke', 'ps', '--secret-param', 's', '--', 'param($s) "it ran"');
    await running.sees('s: ');
    running.child.stdin?.write('hun\x03');
    const { code, stdout } = await running.ended;
    expect({ code, ran: stdout.includes('it ran') }).toEqual({ code: 2, ran: false });
    expect(stdout).toContain('nothing was run');
  });

  test('P66 without a terminal is refused with the other way', async () => {
    const shell = new Shell(machine);
    const { code, stderr } = await shell.run('invoke', 'ps', '--credential', '=ann', '--', '1');
    expect(code).toBe(2);
    expect(stderr).toContain('--credential needs NAME=VALUE');
  });
});
