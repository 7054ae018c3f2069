import type { RunspaceError } from '../core/error';
import { Doorbell } from './doorbell';
import type { JournalItem } from './item';
import { Ring } from './ring';
import { SegmentList } from './segment-list';
import type { Segment } from './segment';
import type { StateFile } from './state-file';

/** What a journal's writer changes and its readers look at. */
export class JournalContents {
  readonly segments: SegmentList;
  readonly stateFile: StateFile;
  readonly ring: Ring;
  /** Rung at every change that a reader may wait for. */
  readonly doorbell = new Doorbell();
  last: bigint;
  isFinal: boolean;
  /** Set when readers must leave. */
  closedBecause: RunspaceError | undefined;
  readers = 0;

  constructor(found: FoundContents, memoryBytes: number) {
    this.segments = new SegmentList(found.segments);
    this.stateFile = found.stateFile;
    this.ring = new Ring(memoryBytes);
    this.last = found.last;
    this.isFinal = found.isFinal;
  }

  /** The lowest number that was not freed; `last` + 1 if there is none. */
  get firstKept(): bigint {
    return this.segments.oldest?.first ?? this.last + 1n;
  }

  /** Lets readers see what is in the file by now. */
  show(item: JournalItem): void {
    this.ring.push(item);
    this.trimMemory();
    this.doorbell.ring();
  }

  /** Without readers, a final journal and a batch larger than the ring are not worth their memory. */
  trimMemory(): void {
    if (this.readers === 0 && (this.isFinal || !this.ring.isWithinLimit)) this.ring.clear();
  }
}

/** What a journal starts with. */
export interface FoundContents {
  readonly stateFile: StateFile;
  readonly segments: readonly Segment[];
  readonly last: bigint;
  readonly isFinal: boolean;
}
