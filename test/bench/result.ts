/** What one part of the benchmark is made of. `undefined`: it can't be measured on this machine. */
export interface Part {
  /** As an argument of `make bench` has it. */
  readonly name: string;
  /** Takes minutes: only where it is named, or with `--full`. */
  readonly isLong?: boolean;
  /** What it measures and how: rounds, warm-up, who the peer and the limit are. */
  readonly how: string;
  run(setting: Setting): Promise<readonly Row[]>;
}

/** What is the same for all parts. */
export interface Setting {
  /** Absolute path of the PowerShell to measure with; undefined: there is none here. */
  readonly powershell: string | undefined;
  /** Multiplies the number of rounds; 1 keeps all parts together under five minutes. */
  readonly effort: number;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: 'ms' | 'commands/s' | 'records/s' | 'MB/s' | 'MB';
  readonly ours: number;
  /** PowerShell's own client, doing the same. */
  readonly peer?: number | undefined;
  /** The least that could be hoped for here: the same without us. */
  readonly limit?: number | undefined;
  readonly goal?: Goal | undefined;
}

/** What shared/performance.md asks for, and whether this run kept it. */
export interface Goal {
  readonly text: string;
  readonly isMet: boolean;
}

/** A goal that compares with something that may be missing here. */
export function goalBeside(
  other: number | undefined,
  text: string,
  isMet: (other: number) => boolean,
): Goal | undefined {
  return other === undefined ? undefined : { text, isMet: isMet(other) };
}
