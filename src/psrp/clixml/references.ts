import type { Value } from '../../core/value';
import { bigIntegerTypeNames } from './type-names';

/** An `<Obj>` that has a RefId; its value is there once its end tag was read. */
export interface ReferenceTarget {
  /** The wire's id. */
  readonly id: string;
  value: Value | undefined;
  /** Set by the first `<Ref>` that names it. */
  referenceId: number | undefined;
}

/**
 * The objects of one message by RefId. An object gets a `referenceId` only when a `<Ref>` names it: the wire's number
 * where that is one and still free, else the least free one.
 */
export class ReferenceTable {
  private readonly targets = new Map<string, ReferenceTarget>();
  private readonly used = new Set<number>();
  private nextFree = 0;

  /** Makes an object known under its RefId, where it has one; a later one with the same id takes its place. */
  declare(id: string | undefined): ReferenceTarget | undefined {
    if (id === undefined) return undefined;
    const target: ReferenceTarget = { id, value: undefined, referenceId: undefined };
    this.targets.set(id, target);
    return target;
  }

  /** The `referenceId` of the object with this RefId, which from now on carries it; undefined if there is none. */
  refer(id: string): number | undefined {
    const target = this.targets.get(id);
    if (target === undefined) return undefined;
    if (target.referenceId === undefined) {
      target.referenceId = this.newReferenceId(id);
      if (target.value !== undefined) mark(target.value, target.referenceId);
    }
    return target.referenceId;
  }

  private newReferenceId(id: string): number {
    const wanted = /^[0-9]{1,15}$/.test(id) ? Number(id) : undefined;
    while (this.used.has(this.nextFree)) this.nextFree += 1;
    const referenceId = wanted === undefined || this.used.has(wanted) ? this.nextFree : wanted;
    this.used.add(referenceId);
    return referenceId;
  }
}

/** Gives a value that is already part of others its `referenceId`: the one change after a value was built. */
function mark(value: Value, referenceId: number): void {
  if (value.type === 'enum') {
    const { typeNames, text, value: base } = value;
    become(value, { type: 'object', typeNames, text, base, adapted: [], extended: [], referenceId });
  } else if (value.type === 'bigInteger') {
    const text = String(value.value);
    become(value, {
      type: 'object',
      typeNames: bigIntegerTypeNames,
      text,
      adapted: [],
      extended: [],
      referenceId,
    });
  } else {
    Object.assign(value, { referenceId });
  }
}

/** An enum or a big integer has no identity, so one that is named by a `<Ref>` turns into the object it came as. */
function become(value: Value, object: Value): void {
  Reflect.deleteProperty(value, 'value');
  Object.assign(value, object);
}
