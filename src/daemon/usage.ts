/** What `runspaced --help` prints. */
export const usage = `runspaced: keeps runspaces and offers them over gRPC (the daemon of \`runspace\`)

  runspaced                      run the daemon in the foreground
  runspaced status [-o json]     what runs: the daemon, its keepers, its sessions
  runspaced stop [--sessions]    end the daemon; sessions go on, unless --sessions
  runspaced --version
  runspaced --help

  --home FOLDER                  state folder (RUNSPACED_HOME; else ~/.local/state/runspaced)
  --log-level LEVEL              error, warn, info or debug; the log goes to standard error

Environment: RUNSPACED_HOME, RUNSPACED_PWSH (which PowerShell: a path, or "minimal" for the bundled host).
Flags win over the environment, the environment over ~/.config/runspaced/config.yaml.
`;
