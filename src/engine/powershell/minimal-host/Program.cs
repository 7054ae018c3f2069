using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace Runspaced.MinimalHost;

/// <summary>
/// The smallest program around Microsoft's PowerShell engine that runspaced can talk to. It takes pwsh's own
/// switches: `-s` serves the remoting protocol on its standard streams, `-Command` and `-File` run a script.
/// </summary>
internal static class Program
{
    // The engine's package has no Out-String, and without one native commands give no output and no exit code.
    private const string OutStringWhereMissing =
        "if (-not (Get-Command Out-String -CommandType Cmdlet -ErrorAction Ignore)) {"
        + " function global:Out-String { param([switch]$Stream, [int]$Width) process { \"$_\" } } }";

    private static int Main(string[] arguments)
    {
        string? workingDirectory = null;
        for (int index = 0; index < arguments.Length; index++)
        {
            switch (arguments[index].TrimStart('-').ToLowerInvariant())
            {
                case "nologo":
                case "noprofile":
                case "noninteractive":
                    break;
                case "wd":
                case "workingdirectory":
                    workingDirectory = arguments.ElementAtOrDefault(++index);
                    break;
                case "version":
                    return Run("$PSVersionTable.PSVersion.ToString()", Array.Empty<string>());
                case "s":
                case "servermode":
                    return Serve(arguments[(index + 1)..], workingDirectory, errorsToOutput: false);
                case "sshs":
                case "sshservermode":
                    return Serve(arguments[(index + 1)..], workingDirectory, errorsToOutput: true);
                case "c":
                case "command":
                    return Run(string.Join(' ', arguments[(index + 1)..]), Array.Empty<string>());
                case "f":
                case "file":
                    return Run(File.ReadAllText(arguments[index + 1]), arguments[(index + 2)..]);
                default:
                    Console.Error.WriteLine($"minimal-host: unknown switch {arguments[index]}");
                    return 64;
            }
        }
        Console.Error.WriteLine("minimal-host: -s to serve, -Command TEXT or -File PATH to run a script");
        return 64;
    }

    private static int Serve(string[] rest, string? workingDirectory, bool errorsToOutput)
    {
        if (rest.Any(one => one.Equals("-ConfigurationFile", StringComparison.OrdinalIgnoreCase)))
        {
            Console.Error.WriteLine("minimal-host: a session configuration file needs a full PowerShell");
            return 64;
        }
        int at = Array.FindIndex(rest, one => one is "-wd" or "-WorkingDirectory");
        if (at >= 0) workingDirectory = rest.ElementAtOrDefault(at + 1);
        Type mediator = typeof(PSObject).Assembly.GetType(
            "System.Management.Automation.Remoting.Server.StdIOProcessMediator", throwOnError: true)!;
        MethodInfo run = mediator.GetMethod("Run", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        string begin = OutStringWhereMissing + LocationAt(workingDirectory);
        // initialCommand, workingDirectory, configurationName, configurationFile, combineErrOutStream
        run.Invoke(null, new object?[] { begin, null, null, null, errorsToOutput });
        return 0;
    }

    /// <summary>What makes a folder the current location. The server's own way needs Set-Location, which is not in the engine's package.</summary>
    private static string LocationAt(string? folder)
    {
        if (string.IsNullOrEmpty(folder)) return "";
        string path = CodeGeneration.EscapeSingleQuotedStringContent(WildcardPattern.Escape(folder));
        return $"; $null = $ExecutionContext.SessionState.Path.SetLocation('{path}')";
    }

    private static int Run(string script, string[] arguments)
    {
        using Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using PowerShell powerShell = PowerShell.Create(runspace);
        powerShell.AddScript(OutStringWhereMissing).Invoke();
        powerShell.Commands.Clear();
        powerShell.AddScript(script);
        foreach (string argument in arguments) powerShell.AddArgument(argument);
        powerShell.Streams.Error.DataAdded += (_, added) =>
            Console.Error.WriteLine(powerShell.Streams.Error[added.Index]);
        PSDataCollection<PSObject> output = new();
        output.DataAdded += (_, added) => Console.WriteLine(output[added.Index]);
        try
        {
            powerShell.Invoke<PSObject, PSObject>(null, output, null);
        }
        catch (RuntimeException error)
        {
            Console.Error.WriteLine(error.ErrorRecord);
            return 1;
        }
        return powerShell.HadErrors ? 1 : 0;
    }
}
