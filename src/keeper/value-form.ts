import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import { clixmlDocumentOf } from '../engine/powershell/clixml';
import { ValueFormat } from '../gen/runspace/v1/pipeline';
import type { Record as ProtoRecord } from '../gen/runspace/v1/record';
import type { Value as ProtoValue } from '../gen/runspace/v1/value';
import { valueFromProto } from './value-from-proto';
import { jsonOf } from './value-json';

/** A record with its output value in another form. */
export type FormRecord = (record: ProtoRecord) => ProtoRecord;

/** How output is to be written for a reader; undefined: as it is stored. Error: INVALID_ARGUMENT for an unknown form. */
export function formOf(format: ValueFormat): FormRecord | undefined {
  switch (format) {
    case ValueFormat.VALUE_FORMAT_UNSPECIFIED:
    case ValueFormat.VALUE_FORMAT_VALUE:
      return undefined;
    case ValueFormat.VALUE_FORMAT_CLIXML:
      return (record) => formed(record, clixmlDocumentOf);
    case ValueFormat.VALUE_FORMAT_JSON:
      return (record) => formed(record, jsonOf);
  }
  // A number off the wire that this version has no name for.
  throw new RunspaceError('INVALID_ARGUMENT', `format ${String(format)} is unknown`, {
    facts: { path: 'format' },
  });
}

/** What a form can't say stays a value. */
function formed(record: ProtoRecord, write: (value: Value) => string | undefined): ProtoRecord {
  const { body } = record;
  if (body?.$case !== 'output') return record;
  const value = stored(body.value.value);
  const text = value === undefined ? undefined : write(value);
  if (text === undefined) return record;
  return { ...record, body: { $case: 'output', value: { ...body.value, value: undefined, text } } };
}

function stored(value: ProtoValue | undefined): Value | undefined {
  try {
    return valueFromProto(withoutSecrets(value) as ProtoValue | undefined, 'value', noSecrets);
  } catch (thrown) {
    if (thrown instanceof RunspaceError) return undefined;
    throw thrown;
  }
}

const noSecrets = {
  take(): never {
    throw new RunspaceError('UNSUPPORTED', 'a secret has no text');
  },
};

/** A secret is in no text: in its place stands an object that is called like one. */
const opaque: ProtoValue = {
  kind: {
    $case: 'object',
    value: {
      typeNames: ['System.Security.SecureString', 'System.Object'],
      text: 'System.Security.SecureString',
      base: undefined,
      adapted: [],
      extended: [],
      referenceId: 0,
    },
  },
};

/** What holds no secret stays the same object. */
function withoutSecrets(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part;
  if ('kind' in part && isSecret(part.kind)) return opaque;
  if (Array.isArray(part)) {
    const items = part.map(withoutSecrets);
    return items.every((item, index) => item === part[index]) ? part : items;
  }
  const fields = Object.entries(part);
  const changed = fields.map(([name, value]) => [name, withoutSecrets(value)] as const);
  return changed.every(([, value], index) => value === fields[index]?.[1])
    ? part
    : Object.fromEntries(changed);
}

function isSecret(kind: unknown): boolean {
  return typeof kind === 'object' && kind !== null && '$case' in kind && kind.$case === 'secureString';
}
