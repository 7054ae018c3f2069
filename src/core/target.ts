/** A place where a session runs. Plain data: it is stored as it stands, so it holds no credential. */
export type Target = LocalTarget | SshTarget | ContainerTarget | DaemonTarget;

/** The daemon's own machine. */
export interface LocalTarget {
  readonly is: 'local';
}

/** A machine with an sshd. What is left out is as the ssh configuration says, else as ssh has it. */
export interface SshTarget {
  readonly is: 'ssh';
  /** What it is called in listings and records; left out: its host. */
  readonly displayName?: string;
  /** Name, address (IPv6 without brackets), or a `Host` of the ssh configuration. */
  readonly host: string;
  readonly port?: number;
  readonly userName?: string;
  /** Path of a private key on this machine. */
  readonly keyFilePath?: string;
  /** The subsystem that is PowerShell. */
  readonly subsystem?: string;
  /** A command line that starts the engine. */
  readonly command?: string;
  /** As `ssh -o` has them. */
  readonly options: Readonly<Record<string, string>>;
  /** How long connecting and authenticating may take, without the time that a person takes to answer. */
  readonly connectingTimeoutMs?: number;
  /** Never look for a daemon at the other side. */
  readonly direct: boolean;
  /** Path of an ssh configuration file, or `none`. */
  readonly configurationFile?: string;
}

/** A container of this machine. */
export interface ContainerTarget {
  readonly is: 'container';
  readonly displayName?: string;
  /** Id, beginning of an id, or name. */
  readonly container: string;
  /** Left out: whichever knows the container. */
  readonly runtime?: 'docker' | 'podman';
  readonly runAsAdministrator: boolean;
}

/** Another daemon, over TLS. */
export interface DaemonTarget {
  readonly is: 'daemon';
  readonly displayName?: string;
  /** Name or address (IPv6 without brackets). */
  readonly host: string;
  readonly port?: number;
  /** The prefix that the listener must have; left out: the listener's own. */
  readonly applicationName?: string;
  readonly certificateThumbprint?: string;
  readonly allowRedirection: boolean;
  readonly forwardCredential: boolean;
  readonly enableNetworkAccess: boolean;
  /** Commands of the session may show the caller's token onward. */
  readonly delegateCredential: boolean;
}

/** Who the caller is to a target. Lives in memory only: never stored, logged or shown. */
export interface Credential {
  /** Left out: as the target says. */
  readonly userName?: string;
  readonly proof:
    | { readonly is: 'none' }
    | { readonly is: 'password'; readonly password: string }
    | { readonly is: 'token'; readonly token: string };
}

/** This machine where another daemon is named that can only be the one here: by `localhost`, `.` or the machine's name, and no port. */
export function loopback(place: Target, machine: string): Target {
  if (place.is !== 'daemon' || place.port !== undefined) return place;
  const host = place.host.toLowerCase();
  const name = machine.toLowerCase();
  const names = ['localhost', '.', name, name.split('.')[0]];
  return names.includes(host) ? { is: 'local' } : place;
}

/** What a target is called in listings and records: PSComputerName. */
export function targetName(target: Target): string {
  switch (target.is) {
    case 'local':
      return 'localhost';
    case 'ssh':
    case 'daemon':
      return target.displayName ?? target.host;
    case 'container':
      return target.displayName ?? target.container;
  }
}
