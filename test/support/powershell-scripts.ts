/** What begins a script that can use $PSCmdlet in every PowerShell, with all streams shown. */
const showAll = `[CmdletBinding()] param()
$VerbosePreference = 'Continue'; $DebugPreference = 'Continue'; $InformationPreference = 'Continue'
`;

/** Writes to each stream once, and to output before and after the others. */
export const allStreams = `${showAll}
$PSCmdlet.WriteObject(1)
$PSCmdlet.WriteVerbose('v')
$PSCmdlet.WriteWarning('w')
$PSCmdlet.WriteDebug('d')
$PSCmdlet.WriteInformation('i', @('tag'))
$PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(3, 'activity', 'status'))
$PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new([Exception]::new('e'), 'Id', 'InvalidData', 5))
$PSCmdlet.WriteObject(2)`;
