import type { DisplayRecord } from '../../core/record';
import { stringValue, type Value } from '../../core/value';
import { boolOf, entriesOf, textOf } from '../../psrp/clixml/properties';
import type { CommandArgument } from '../../psrp/create-pipeline';
import type { WrittenRecord } from '../../psrp/records';

/** How output is to be laid out. */
export interface DisplaySpec {
  /** The width to fill, in characters. */
  readonly columns: number;
  /** Tells what the display script writes from what it passes on; nothing else may write it. */
  readonly mark: string;
}

/** Out-String takes no less. */
const fewestColumns = 2;

/**
 * Passes every object on as it is, and what Out-String makes of it after it, in a dictionary under the mark: text, true
 * where laying out begins, false where it ends because it failed. It begins with the first object that is more than a
 * text, a number or a switch: those look the same without it.
 */
const script = `param([int]$__runspaced_width, [string]$__runspaced_mark)
begin {
    $__runspaced_out = $null
    $__runspaced_may = "$($ExecutionContext.SessionState.LanguageMode)" -eq 'FullLanguage'
}
process {
    $__runspaced_one = $_
    if ($null -eq $__runspaced_out -and $__runspaced_may -and $null -ne $__runspaced_one -and
        -not ($__runspaced_one -is [string] -or $__runspaced_one.GetType().IsPrimitive)) {
        $__runspaced_out = { Microsoft.PowerShell.Utility\\Out-String -Stream -Width $__runspaced_width }.GetSteppablePipeline('Internal')
        $__runspaced_out.Begin($true)
        @{ $__runspaced_mark = $true }
    }
    , $__runspaced_one
    if ($null -ne $__runspaced_out -and $null -ne $__runspaced_one) {
        try {
            $__runspaced_lines = $__runspaced_out.Process($__runspaced_one)
            if ($__runspaced_lines.Count -gt 0) { @{ $__runspaced_mark = $__runspaced_lines -join "\`n" } }
        } catch {
            $__runspaced_out = $null
            $__runspaced_may = $false
            @{ $__runspaced_mark = "$__runspaced_one" }
            @{ $__runspaced_mark = $false }
            Microsoft.PowerShell.Utility\\Write-Error -ErrorRecord $_
        }
    }
}
end {
    if ($null -ne $__runspaced_out) {
        $__runspaced_lines = $__runspaced_out.End()
        if ($__runspaced_lines.Count -gt 0) { @{ $__runspaced_mark = $__runspaced_lines -join "\`n" } }
    }
}`;

/** The script that stands behind the caller's in the pipeline. */
export function displayScript({ columns, mark }: DisplaySpec): {
  readonly script: string;
  readonly arguments: readonly CommandArgument[];
} {
  const width: Value = { type: 'int32', value: Math.max(columns, fewestColumns) };
  return { script, arguments: [{ value: width }, { value: stringValue(mark) }] };
}

/** Tells what the display script wrote from what the caller's script did. */
export class DisplayReader {
  readonly #mark: string;
  #isLaidOut = false;

  constructor({ mark }: DisplaySpec) {
    this.#mark = mark;
  }

  /** The record as it is handed on; undefined for what only steers. */
  read(record: WrittenRecord): WrittenRecord | DisplayRecord | undefined {
    if (record.stream !== 'output') return record;
    const said = this.#saidIn(record.value);
    if (said === undefined) return this.#isLaidOut ? { ...record, displayed: true } : record;
    const isLaidOut = boolOf(said);
    if (isLaidOut === undefined) return { stream: 'display', text: textOf(said) ?? '' };
    this.#isLaidOut = isLaidOut;
    return undefined;
  }

  #saidIn(value: Value): Value | undefined {
    const entries = entriesOf(value);
    const [key, said] = entries?.length === 1 ? (entries[0] ?? []) : [];
    return key !== undefined && textOf(key) === this.#mark ? said : undefined;
  }
}
