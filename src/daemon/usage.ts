/** What `runspaced --help` prints. */
export const usage = `runspaced: keeps runspaces and offers them over gRPC (the daemon of \`runspace\`)

  runspaced                      run the daemon in the foreground
  runspaced status [-o json]     what runs: the daemon, its keepers, its sessions
  runspaced stop [--sessions]    end the daemon; sessions go on, unless --sessions
  runspaced address              where the daemon listens; it is started if none runs
  runspaced metrics              its figures, as Prometheus reads them
  runspaced audit [filters]      who ran what, where, when, and how it ended (-o ndjson)
  runspaced token …              what users of other machines show (runspaced token --help)
  runspaced pki …                certificates for a small fleet (runspaced pki --help)
  runspaced --version
  runspaced --help

  --home FOLDER                  state folder (RUNSPACED_HOME; else ~/.local/state/runspaced)
  --since, --until TIME          of the audit: from, before; a time, or how long ago (2h)
  --principal, --session, --target, --event NAME
                                 of the audit: only these
  --log-level LEVEL              error, warn, info or debug; the log goes to standard error

For callers of other machines: RUNSPACED_LISTEN (address:port) and RUNSPACED_CERTIFICATES; see docs/daemons.md.
Environment: RUNSPACED_HOME, RUNSPACED_PWSH (which PowerShell: a path, or "minimal" for the bundled host),
RUNSPACED_WARM_POOL (engines kept ready after a first use: 1; 0 for none).
Flags win over the environment, the environment over ~/.config/runspaced/config.yaml.
`;
