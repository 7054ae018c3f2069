import { Machine } from '../e2e/support/machine';
import { describeWith } from '../support/requirements';
import { onTerminal } from './support/on-terminal';
import { Shell, type Running } from './support/shell';

describeWith('powershell', 'P65 what a terminal shows and asks', () => {
  let machine: Machine;
  let shell: Shell;

  beforeAll(async () => {
    machine = new Machine();
    await machine.startReadyDaemon();
    shell = new Shell(machine);
  }, 120_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  /** `runspace invoke` in a terminal of its own. */
  async function typed(session: string, script: string): Promise<Running> {
    await shell.run('new', session, '--engine', 'powershell');
    return onTerminal(machine, 'invoke', session, '--command', script);
  }

  test('P65 progress bars: a child below its parent, how much and how long still, taken away with their parent', async () => {
    const running = await typed(
      'bars',
      `[CmdletBinding()] param()
      function bar($id, $activity, $status) { [System.Management.Automation.ProgressRecord]::new($id, $activity, $status) }
      $parent = bar 1 'Copying' 'all'; $parent.PercentComplete = 50; $parent.SecondsRemaining = 75
      $PSCmdlet.WriteProgress($parent)
      $child = bar 2 'Folder' 'one'; $child.ParentActivityId = 1; $child.CurrentOperation = 'file.txt'
      $PSCmdlet.WriteProgress($child)
      $null = $Host.UI.ReadLine()
      $parent.RecordType = 'Completed'
      $PSCmdlet.WriteProgress($parent)
      'copied'`,
    );
    await running.sees('Copying: [');
    await running.sees('all 00:01:15 left');
    await running.sees('\n  Folder: one file.txt');
    running.child.stdin?.write('\r');
    await running.sees('copied');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    // What was shown last is the output: the bars are gone before it.
    expect(stdout.slice(stdout.lastIndexOf('Folder'))).toMatch(/\x1b\[1A[^]*copied\r?\n$/);
  });

  test('P65 several choices, a field of several values, and help to a field', async () => {
    const running = await typed(
      'asks',
      `
      $choices = [System.Management.Automation.Host.ChoiceDescription[]]@('&Red', '&Green', '&Blue')
      $chosen = $Host.UI.PromptForChoice('Colours', 'Which?', $choices, [int[]]@(1))
      "chosen $($chosen -join '+')"
      $field = [System.Management.Automation.Host.FieldDescription]::new('Names'); $field.SetParameterType([string[]]); $field.HelpMessage = 'who comes'
      $answer = $Host.UI.Prompt('', '', $field)
      "names $($answer['Names'] -join '+')"
      $field = [System.Management.Automation.Host.FieldDescription]::new('Sizes'); $field.SetParameterType([int[]])
      $sizes = $Host.UI.Prompt('', '', $field)['Sizes']
      "sum $($sizes[0] + $sizes[1])"`,
    );
    const type = async (prompt: string, text: string): Promise<void> => {
      await running.sees(prompt);
      running.child.stdin?.write(text);
    };
    await type('Choice[0]: ', 'r\r');
    await type('Choice[1]: ', 'b\r');
    await type('Choice[2]: ', '\r');
    await running.sees('chosen 0+2');
    await type('Names[0]: ', '!?\r');
    await running.sees('who comes');
    await type('Names[0]: ', 'ann\r');
    await type('Names[1]: ', 'bob\r');
    await type('Names[2]: ', '\r');
    await type('Sizes[0]: ', '40\r');
    await type('Sizes[1]: ', '2\r');
    await type('Sizes[2]: ', '\r');
    const { code, stdout } = await running.ended;
    expect(stdout).toContain('names ann+bob');
    expect(stdout).toContain('sum 42');
    expect(code).toBe(0);
  });
});
