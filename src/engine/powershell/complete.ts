import { RunspaceError } from '../../core/error';
import { stringValue, type Value } from '../../core/value';
import { entryOf, integerOf, itemsOf, textOf } from '../../psrp/clixml/properties';
import type { InputCompletions } from '../engine';
import type { Aside, AsideAnswer } from './aside';

/** What PowerShell's own Tab key asks for. Errors that looking leaves in `$Error` are taken out; names of ours are left out. */
const script = `param([string]$__runspaced_text, [int]$__runspaced_cursor)
if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') { throw 'its language mode forbids it' }
$__runspaced_count = $global:Error.Count
$__runspaced_found = $null
try {
    $__runspaced_found = [System.Management.Automation.CommandCompletion]::CompleteInput($__runspaced_text, $__runspaced_cursor, $null)
} catch {
    # PowerShell's own completion fails on some texts, such as an empty one: it has nothing to offer.
} finally {
    while ($global:Error.Count -gt $__runspaced_count) { $global:Error.RemoveAt(0) }
}
if ($null -eq $__runspaced_found) { return }
@{
    from = $__runspaced_found.ReplacementIndex
    length = $__runspaced_found.ReplacementLength
    texts = @(foreach ($__runspaced_match in $__runspaced_found.CompletionMatches) {
        if ($__runspaced_match.CompletionText -notlike '*__runspaced_*') { $__runspaced_match.CompletionText }
    })
}`;

/** Asks what may stand at a cursor. */
export function completeAside({ text, cursor }: { readonly text: string; readonly cursor: number }): Aside {
  return {
    script,
    arguments: [{ value: stringValue(text) }, { value: { type: 'int32', value: cursor } }],
  };
}

/** What PowerShell answered. Errors: UNSUPPORTED where the session's language forbids to ask, ENGINE_LOST. */
export function completionsOf({ outputs, errors, final }: AsideAnswer, cursor: number): InputCompletions {
  const failed = final.reason;
  if (failed !== undefined && failed.code !== 'SCRIPT_FAILED') throw failed;
  const why = failed?.message ?? errors[0]?.message;
  if (why !== undefined) throw new RunspaceError('UNSUPPORTED', `this session can't complete input: ${why}`);
  const [answer] = outputs;
  if (answer === undefined) return { completions: [], replaceFrom: cursor, replaceTo: cursor };
  const from = Math.max(integerOf(entryOf(answer, 'from')) ?? 0, 0);
  const length = Math.max(integerOf(entryOf(answer, 'length')) ?? 0, 0);
  return { completions: textsOf(entryOf(answer, 'texts')), replaceFrom: from, replaceTo: from + length };
}

function textsOf(texts: Value | undefined): readonly string[] {
  return (itemsOf(texts) ?? []).flatMap((text) => textOf(text) ?? []);
}

/** PowerShell did not answer in time. */
export function completedNothing(timeoutMs: number): RunspaceError {
  return new RunspaceError('ENGINE_TIMEOUT', `PowerShell completed nothing within ${timeoutMs} ms`, {
    facts: { phase: 'complete' },
  });
}
