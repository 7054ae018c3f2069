/*
 * PowerShell's own parser says which expressions with `$Using:` a script has. One that stands in a script block given to
 * a command that looks up such expressions by itself (Start-Job …) may be meant for that command: it is optional.
 */
const findUsing = String.raw`
if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') { 'unknown'; return }
$tokens = $null
$errors = $null
$root = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)
if ($errors.Count -gt 0) { return }
$isUsing = { param($node) $node -is [System.Management.Automation.Language.UsingExpressionAst] }
$lookers = 'start-job', 'sajb', 'start-threadjob', 'invoke-command', 'icm'
$loops = 'foreach-object', 'foreach', '%'
`;

const partsOfExpression = String.raw`
    $steps = [System.Collections.ArrayList]::new()
    $node = $using.SubExpression
    while ($node -isnot [System.Management.Automation.Language.VariableExpressionAst]) {
        $steps.Insert(0, $node)
        if ($node -is [System.Management.Automation.Language.IndexExpressionAst]) { $node = $node.Target }
        else { $node = $node.Expression }
    }
`;

/** Takes `text`; writes one table for each expression, or `unknown` where the session's language forbids to parse. */
export const listUsingScript = `param([string]$text)
${findUsing}
foreach ($using in $root.FindAll($isUsing, $true)) {
${partsOfExpression}
    $isOptional = $false
    for ($around = $using.Parent; $null -ne $around; $around = $around.Parent) {
        if ($around -isnot [System.Management.Automation.Language.ScriptBlockExpressionAst]) { continue }
        $command = $around.Parent
        if ($command -isnot [System.Management.Automation.Language.CommandAst]) { continue }
        $name = "$($command.GetCommandName())".ToLowerInvariant()
        if ($lookers -contains $name) { $isOptional = $true }
        if ($loops -notcontains $name) { continue }
        foreach ($element in $command.CommandElements) {
            if ($element -isnot [System.Management.Automation.Language.CommandParameterAst]) { continue }
            if ($element.ParameterName -like 'para*') { $isOptional = $true }
        }
    }
    @{
        text = $using.Extent.Text
        variable = $node.VariablePath.UserPath
        isPlain = $steps.Count -eq 0
        isOptional = $isOptional
    }
}`;

/**
 * Takes `text` and `values`, a table of variables; writes the value of each expression that is a member or index of one
 * of them, each in a table with its text.
 */
export const evaluateUsingScript = `param([string]$text, $values)
${findUsing}
foreach ($using in $root.FindAll($isUsing, $true)) {
${partsOfExpression}
    $variable = $node.VariablePath.UserPath
    if ($steps.Count -eq 0 -or -not $values.ContainsKey($variable)) { continue }
    $value = $values[$variable]
    foreach ($step in $steps) {
        if ($value -is [System.Collections.ArrayList]) { $value = $value.ToArray() }
        if ($step -is [System.Management.Automation.Language.IndexExpressionAst]) {
            if ($step.NullConditional -and $null -eq $value) { break }
            $value = $value[$step.Index.SafeGetValue()]
        } else {
            if ($step.NullConditional -and $null -eq $value) { break }
            $member = $step.Member.SafeGetValue()
            if ($step.Static) { $value = $value::$member } else { $value = $value.$member }
        }
    }
    @{ text = $using.Extent.Text; value = $value }
}`;
