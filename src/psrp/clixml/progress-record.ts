import type { EnumValue, ObjectValue, Property, Value } from '../../core/value';
import { areSameNames } from './type-names';

/*
 * `<PR>` has a form of its own on the wire. As a value it is an object with the type names and the properties of
 * System.Management.Automation.ProgressRecord; an object of just that shape is written as `<PR>` again.
 */

/** What a progress record says. */
export interface ProgressRecord {
  readonly activity: string;
  readonly activityId: number;
  readonly currentOperation: string | undefined;
  readonly parentActivityId: number;
  readonly percentComplete: number;
  readonly recordType: 'Processing' | 'Completed';
  readonly secondsRemaining: number;
  readonly statusDescription: string;
}

const typeNames: readonly string[] = ['System.Management.Automation.ProgressRecord', 'System.Object'];
const recordTypeNames: readonly string[] = [
  'System.Management.Automation.ProgressRecordType',
  'System.Enum',
  'System.ValueType',
  'System.Object',
];
const recordTypes = ['Processing', 'Completed'] as const;
const propertyNames: readonly string[] = [
  'Activity',
  'ActivityId',
  'CurrentOperation',
  'ParentActivityId',
  'PercentComplete',
  'RecordType',
  'SecondsRemaining',
  'StatusDescription',
];

/** A progress record as a value; undefined for one that .NET's ProgressRecord refuses. */
export function progressValue(record: ProgressRecord): ObjectValue | undefined {
  if (!isLegal(record)) return undefined;
  const recordType: EnumValue = {
    type: 'enum',
    typeNames: recordTypeNames,
    text: record.recordType,
    value: { type: 'int32', value: recordTypes.indexOf(record.recordType) },
  };
  const values: readonly Value[] = [
    { type: 'string', value: record.activity },
    { type: 'int32', value: record.activityId },
    record.currentOperation === undefined
      ? { type: 'null' }
      : { type: 'string', value: record.currentOperation },
    { type: 'int32', value: record.parentActivityId },
    { type: 'int32', value: record.percentComplete },
    recordType,
    { type: 'int32', value: record.secondsRemaining },
    { type: 'string', value: record.statusDescription },
  ];
  const adapted: Property[] = [];
  for (const [index, value] of values.entries()) adapted.push({ name: propertyNames[index] ?? '', value });
  return { type: 'object', typeNames, adapted, extended: [] };
}

/** The progress record that an object is, if it can be written as `<PR>` without any loss. */
export function progressOf(value: ObjectValue): ProgressRecord | undefined {
  if (value.adapted.length !== propertyNames.length || value.typeNames[0] !== typeNames[0]) return undefined;
  const isBare =
    value.text === undefined &&
    value.base === undefined &&
    value.referenceId === undefined &&
    value.extended.length === 0 &&
    areSameNames(value.typeNames, typeNames) &&
    value.adapted.every((property, index) => property.name === propertyNames[index]);
  if (!isBare) return undefined;
  const [activity, activityId, operation, parent, percent, kind, seconds, status] = value.adapted.map(
    (property) => property.value,
  );
  const isTyped =
    activity?.type === 'string' &&
    activityId?.type === 'int32' &&
    (operation?.type === 'string' || operation?.type === 'null') &&
    parent?.type === 'int32' &&
    percent?.type === 'int32' &&
    kind?.type === 'enum' &&
    seconds?.type === 'int32' &&
    status?.type === 'string';
  if (!isTyped) return undefined;
  const recordType = recordTypeOf(kind);
  if (recordType === undefined) return undefined;
  const record: ProgressRecord = {
    activity: activity.value,
    activityId: activityId.value,
    currentOperation: operation.type === 'null' ? undefined : operation.value,
    parentActivityId: parent.value,
    percentComplete: percent.value,
    recordType,
    secondsRemaining: seconds.value,
    statusDescription: status.value,
  };
  return isLegal(record) ? record : undefined;
}

/** The kind that a text names, in any case or as its number. */
export function progressRecordType(text: string): ProgressRecord['recordType'] | undefined {
  const wanted = text.trim().toLowerCase();
  return recordTypes.find((name, index) => name.toLowerCase() === wanted || String(index) === wanted);
}

function recordTypeOf(kind: EnumValue): ProgressRecord['recordType'] | undefined {
  const name = recordTypes.find((candidate) => candidate === kind.text);
  const isExact =
    name !== undefined &&
    kind.value.type === 'int32' &&
    kind.value.value === recordTypes.indexOf(name) &&
    areSameNames(kind.typeNames, recordTypeNames);
  return isExact ? name : undefined;
}

function isLegal(record: ProgressRecord): boolean {
  return (
    [record.activityId, record.parentActivityId, record.percentComplete, record.secondsRemaining].every(
      isInt32,
    ) &&
    record.activity !== '' &&
    record.statusDescription !== '' &&
    record.currentOperation !== '' &&
    record.activityId >= 0 &&
    record.parentActivityId !== record.activityId &&
    record.percentComplete <= 100
  );
}

function isInt32(value: number): boolean {
  return (value | 0) === value;
}
