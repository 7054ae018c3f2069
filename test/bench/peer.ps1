# PowerShell's own client against a local PowerShell, run by peer.ts: one request a line, one answer a line.
param([string]$Program)

function Open-Runspace {
    $process = [System.Management.Automation.Runspaces.PowerShellProcessInstance]::new($null, $null, $null, $false)
    $process.Process.StartInfo.FileName = $Program
    $runspace = [runspacefactory]::CreateOutOfProcessRunspace($null, $process)
    $runspace.Open()
    $runspace
}

# What New-PSSession returns, around a runspace that is there.
function Join-Session {
    [CmdletBinding()]
    param($Runspace)
    [System.Management.Automation.Runspaces.PSSession]::Create($Runspace, 'bench', $PSCmdlet)
}

function Invoke-Bare([string]$Script) {
    $shell = [powershell]::Create()
    $shell.Runspace = $runspace
    $shell.AddScript($Script).Invoke()
    $shell.Dispose()
}

$watch = [Diagnostics.Stopwatch]::new()
$runspace = Open-Runspace
$session = Join-Session $runspace
$null = Invoke-Bare '$x = 1'
[Console]::Out.WriteLine('ready')

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $verb, $rest = $line -split ' ', 2
    $answer = switch ($verb) {
        'open' {
            $watch.Restart()
            $other = Open-Runspace
            $watch.Elapsed.TotalMilliseconds
            $other.Dispose()
        }
        'api' {
            foreach ($call in 1..[int]$rest) {
                $watch.Restart()
                $null = Invoke-Bare '$x'
                $watch.Elapsed.TotalMilliseconds
            }
        }
        'cmdlet' {
            foreach ($call in 1..[int]$rest) {
                $watch.Restart()
                $null = Invoke-Command -Session $session { $x }
                $watch.Elapsed.TotalMilliseconds
            }
        }
        'receive' {
            $watch.Restart()
            $null = Invoke-Bare $rest
            $watch.Elapsed.TotalMilliseconds
        }
    }
    [Console]::Out.WriteLine((@($answer) | ForEach-Object { $_.ToString([cultureinfo]::InvariantCulture) }) -join ' ')
}
$runspace.Dispose()
