/** What is written down; each with the time and who did it. */
export type AuditEvent =
  | ({
      readonly event: 'sessionCreated';
      readonly engine: string;
      readonly configuration: string;
    } & InSession)
  | ({ readonly event: 'sessionConnected'; readonly takeOver: boolean } & InSession)
  | ({ readonly event: 'sessionDisconnected' } & InSession)
  | ({ readonly event: 'sessionRemoved' } & InSession)
  | ({
      readonly event: 'commandStarted';
      readonly pipeline: string;
      readonly script: ScriptTrace;
    } & InSession)
  | ({ readonly event: 'commandEnded'; readonly pipeline: string } & CommandOutcome & InSession)
  | ({ readonly event: 'commandStopped'; readonly pipeline: string; readonly force: boolean } & InSession)
  | ({ readonly event: 'secretRevealed' } & InSession)
  | {
      readonly event: 'configurationRegistered' | 'configurationUnregistered';
      readonly configuration: string;
    }
  | { readonly event: 'tokenCreated'; readonly token: string; readonly user: string }
  /** `token`: its id, or the user whose tokens were meant. */
  | { readonly event: 'tokenRevoked'; readonly token: string }
  | { readonly event: 'login'; readonly by: 'certificate' | 'token' }
  | { readonly event: 'redirected'; readonly method: string; readonly location: string }
  | { readonly event: 'daemonStopped'; readonly endSessions: boolean }
  | { readonly event: 'denied'; readonly method: string; readonly reason: string; readonly message: string };

/** Which session, and where it runs. */
export interface InSession {
  readonly session: string;
  readonly name: string;
  /** The target's name: PSComputerName. */
  readonly target: string;
  readonly transport: string;
}

/** A script without its text, or with it where the configuration says so. */
export interface ScriptTrace {
  /** SHA-256 of its UTF-8 text, in hexadecimal digits. */
  readonly sha256: string;
  readonly text?: string;
}

/** How a command ended. */
export interface CommandOutcome {
  readonly state: 'completed' | 'failed' | 'stopped' | 'unknown';
  /** Why it failed or was stopped, from the enum of reasons; empty: it did not. */
  readonly reason: string;
  readonly exitCode?: number;
}

/** Who did it. */
export interface Actor {
  readonly principal: string;
  /** What the client calls itself; empty: nothing. */
  readonly client: string;
  /** The address it came from; empty: the daemon's own socket. */
  readonly peer?: string;
}

/** One line of the audit log. */
export type AuditEntry = { readonly time: string } & Actor & AuditEvent;
