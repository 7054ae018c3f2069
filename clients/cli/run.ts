import type { Command } from './command';
import { Context } from './context';
import { exitCodeOfReason, exitCodes } from './exit-code';
import { BrokenPipe, UsageError } from './failure';
import type { RecordFormat } from './flags';
import { commandHelp, generalHelp } from './help';
import { parseLine, type ParsedLine } from './parse';
import { reasonOf, reportFailure } from './report';
import type { Environment } from './settings';
import type { Terminal } from './terminal';
import { productVersion } from './version';

/** The world around a run of the program. */
export interface World {
  readonly commands: readonly Command[];
  readonly environment: Environment;
  readonly terminal: Terminal;
}

/** Runs a command line and gives the exit code. Never throws: what goes wrong is told on standard error. */
export async function run(words: readonly string[], world: World): Promise<number> {
  const { commands, environment, terminal } = world;
  let format: RecordFormat = 'table';
  try {
    const line = parseLine(words, commands);
    const information = informationFor(line, commands);
    if (information !== undefined) {
      await terminal.out(information);
      return exitCodes.ok;
    }
    if (line.command === undefined) throw new UsageError('which command? see: runspace help');
    // Read only where it is asked for: it brings a reader of YAML.
    const hasParams = line.given.some(({ name }) => name === 'params');
    const given = hasParams
      ? (await import('./params-file')).withParams(line.given, line.command.flags)
      : line.given;
    const context = new Context({ ...line, given }, environment, terminal);
    format = await context.recordFormat('table');
    return await line.command.run(context);
  } catch (error) {
    if (error instanceof BrokenPipe) return exitCodes.ok;
    await reportFailure(terminal, error, format);
    return error instanceof UsageError ? exitCodes.usage : exitCodeOfReason(reasonOf(error));
  }
}

/** What --help or --version asks for, instead of the command. */
function informationFor({ command, given }: ParsedLine, commands: readonly Command[]): string | undefined {
  if (given.some(({ name }) => name === 'version')) return `${productVersion}\n`;
  if (!given.some(({ name }) => name === 'help')) return undefined;
  return command === undefined ? generalHelp(commands) : commandHelp(command);
}
