import { boolOf } from '../../psrp/clixml/properties';
import type { Invocation } from '../engine';
import type { Aside, AskAside } from './aside';

/** Whether output may be laid out in this session: its language is whole, and the formatters are there to be seen. */
const question: Aside = {
  script: `"$($ExecutionContext.SessionState.LanguageMode)" -eq 'FullLanguage' -and
$null -ne $ExecutionContext.InvokeCommand.GetCommand('Microsoft.PowerShell.Utility\\Out-String', 'Cmdlet')`,
  arguments: [],
};

/** What is known of an engine's formatters: asked before the first command that wants them, and kept. */
export class Formatters {
  #areThere: boolean | undefined;

  /** The invocation without what can't be had. */
  fit(invocation: Invocation): Invocation {
    // Where the language is off nothing can follow the caller's commands.
    const canShow = this.#areThere !== false && invocation.commands === undefined;
    if (invocation.display === undefined || canShow) return invocation;
    const { display: _unavailable, ...rest } = invocation;
    return rest;
  }

  mustBeAskedFor({ display }: Invocation): boolean {
    return display !== undefined && this.#areThere === undefined;
  }

  /** Asks, and fits the invocation to the answer. An engine that may not be asked has none for us. */
  async asked(invocation: Invocation, ask: AskAside): Promise<Invocation> {
    const { outputs, final } = await ask(question);
    if (final.state === 'completed' || final.reason?.code === 'SCRIPT_FAILED')
      this.#areThere = outputs[0] !== undefined && boolOf(outputs[0]) === true;
    return this.fit(invocation);
  }
}
