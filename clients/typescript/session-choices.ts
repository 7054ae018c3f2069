import type { CallChoices } from './api';
import type { OutputBufferingMode, SessionState } from './gen/runspace/v1/session';
import type { SessionChoices } from './session-options';
import type { Credential, Target } from './target';

/** Choices for a new session. */
export interface CreateOptions extends CallChoices {
  /** Not digits only, unique for its owner; by default `Runspace<number>`. */
  readonly name?: string;
  /** `powershell`, `javascript`, `python` or `bash`; by default PowerShell where one is found. */
  readonly engine?: string;
  /** Name of the configuration to open it with, or its resource URI; by default the engine's own. */
  readonly configuration?: string;
  /** PowerShell's session options, as far as they concern a session on this machine. */
  readonly options?: SessionChoices;
  /** Folder in which its commands start; by default the home folder. */
  readonly workingDirectory?: string;
  /** Added to the engine's clean environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where to open it; by default on the daemon's machine. */
  readonly target?: Target;
  /** Who the caller is there; never stored. */
  readonly credential?: Credential;
  /** Settle only when the session is open, or fail with the reason why it is not; by default true. */
  readonly wait?: boolean;
  /** Makes the creation idempotent across programs; made up when left out. */
  readonly requestId?: string;
}

/** Choices for listing. */
export interface ListOptions extends CallChoices {
  /** Numbers, ids, names or patterns (`web*`); all when left out. */
  readonly sessions?: readonly string[];
  /** Only these states; all but closed ones when left out. */
  readonly states?: readonly SessionState[];
  /** Only this engine. */
  readonly engine?: string;
}

/** Choices for connecting. */
export interface ConnectSessionOptions extends CallChoices {
  /** How long the connection holds without another call; by default 8 h. */
  readonly leaseMs?: number;
  /** Take the session over if another client is connected. */
  readonly takeOver?: boolean;
}

/** Choices for disconnecting. */
export interface DisconnectOptions extends CallChoices {
  /** The session's new idle timeout. */
  readonly idleTimeoutMs?: number;
  /** The session's new buffering mode. */
  readonly outputBufferingMode?: OutputBufferingMode;
  /** Disconnect whoever is connected, not only this client. */
  readonly takeOver?: boolean;
}
