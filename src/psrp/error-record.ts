import type { ErrorStreamRecord } from '../core/record';
import { nullValue, stringValue, type Property, type Value } from '../core/value';
import {
  boolValue,
  int32Value,
  integerOf,
  isNull,
  propertyBag,
  propertyOf,
  textOf,
} from './clixml/properties';

/** PowerShell's ErrorCategory by number. */
const errorCategories = [
  'NotSpecified',
  'OpenError',
  'CloseError',
  'DeviceError',
  'DeadlockDetected',
  'InvalidArgument',
  'InvalidData',
  'InvalidOperation',
  'InvalidResult',
  'InvalidType',
  'MetadataError',
  'NotImplemented',
  'NotInstalled',
  'ObjectNotFound',
  'OperationStopped',
  'OperationTimeout',
  'SyntaxError',
  'ParserError',
  'PermissionDenied',
  'ResourceBusy',
  'ResourceExists',
  'ResourceUnavailable',
  'ReadError',
  'WriteError',
  'FromStdErr',
  'SecurityError',
  'ProtocolError',
  'ConnectionError',
  'AuthenticationError',
  'LimitsExceeded',
  'QuotaExceeded',
  'NotEnabled',
] as const;

/** Reads an ErrorRecord (MS-PSRP 2.2.3.15). What a peer left out stays out; the record as it came is `value`. */
export function readErrorRecord(value: Value): ErrorStreamRecord {
  const text = (name: string): string | undefined => textOf(propertyOf(value, name));
  const exception = propertyOf(value, 'Exception');
  const target = withoutReference(propertyOf(value, 'TargetObject'), value);
  const category = errorCategories[integerOf(propertyOf(value, 'ErrorCategory_Category')) ?? -1];
  return {
    stream: 'error',
    message: text('ErrorDetails_Message') ?? textOf(propertyOf(exception, 'Message')) ?? ownText(value) ?? '',
    value,
    ...(category === undefined ? {} : { category }),
    ...(isNull(target) || target === undefined ? {} : { targetObject: target }),
    ...present('exceptionType', exceptionTypeOf(exception)),
    ...present('fullyQualifiedErrorId', text('FullyQualifiedErrorId')),
    ...present('categoryMessage', text('ErrorCategory_Message')),
    ...present('scriptStackTrace', text('ErrorDetails_ScriptStackTrace')),
    ...present('recommendedAction', text('ErrorDetails_RecommendedAction')),
  };
}

/** Writes an ErrorRecord: as it came, where it did; else one that PowerShell reads back to the same facts. */
export function errorRecordValue(record: ErrorStreamRecord): Value {
  if (record.value !== undefined) return record.value;
  const exceptionType = record.exceptionType ?? 'System.Exception';
  const reason = exceptionType.slice(exceptionType.lastIndexOf('.') + 1);
  const category = record.category ?? 'NotSpecified';
  const categoryNumber = (errorCategories as readonly string[]).indexOf(category);
  const notes = propertyBag({
    Exception: exceptionValue(exceptionType, record.message),
    TargetObject: record.targetObject ?? nullValue,
    FullyQualifiedErrorId: stringValue(record.fullyQualifiedErrorId ?? reason),
    InvocationInfo: nullValue,
    ErrorCategory_Category: int32Value(Math.max(categoryNumber, 0)),
    ErrorCategory_Activity: stringValue(''),
    ErrorCategory_Reason: stringValue(reason),
    ErrorCategory_TargetName: stringValue(''),
    ErrorCategory_TargetType: stringValue(''),
    // PowerShell drops a record in silence that lacks one of the members above or this one.
    ErrorCategory_Message: stringValue(record.categoryMessage ?? `${category}: (:) [], ${reason}`),
    ErrorDetails_Message: record.recommendedAction === undefined ? undefined : stringValue(record.message),
    ErrorDetails_RecommendedAction: optionalString(record.recommendedAction),
    SerializeExtendedInfo: boolValue(false),
    ErrorDetails_ScriptStackTrace: optionalString(record.scriptStackTrace),
  });
  const typeNames = ['System.Management.Automation.ErrorRecord', 'System.Object'];
  return { ...notes, typeNames, text: record.message };
}

/** A member as an object to spread, so that an absent one stays absent. */
function present<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, string>> {
  return text === undefined ? {} : ({ [name]: text } as Record<Name, string>);
}

function optionalString(text: string | undefined): Value | undefined {
  return text === undefined ? undefined : stringValue(text);
}

function ownText(value: Value): string | undefined {
  return value.type === 'object' ? value.text : textOf(value);
}

function exceptionTypeOf(exception: Value | undefined): string | undefined {
  return exception?.type === 'object' ? exception.typeNames[0]?.replace(/^Deserialized\./, '') : undefined;
}

function exceptionValue(typeName: string, message: string): Value {
  const adapted: Property[] = [{ name: 'Message', value: stringValue(message) }];
  const typeNames = [...new Set([typeName, 'System.Exception', 'System.Object'])];
  return { type: 'object', typeNames, text: `${typeName}: ${message}`, adapted, extended: [] };
}

/** A member that only refers to an object elsewhere in the record, as that object. */
function withoutReference(value: Value | undefined, root: Value): Value | undefined {
  return value?.type === 'reference' ? findReferenced(root, value.referenceId) : value;
}

function findReferenced(value: Value, referenceId: number): Value | undefined {
  if ('referenceId' in value && value.type !== 'reference' && value.referenceId === referenceId) return value;
  for (const child of childrenOf(value)) {
    const found = findReferenced(child, referenceId);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(value: Value): readonly Value[] {
  if (value.type === 'dictionary') return value.entries.flat();
  if ('items' in value) return value.items;
  if (value.type !== 'object') return [];
  const base = value.base === undefined ? [] : [value.base];
  return [...base, ...[...value.adapted, ...value.extended].map((property) => property.value)];
}
