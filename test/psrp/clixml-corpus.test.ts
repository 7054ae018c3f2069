import type { Property, Value } from '../../src/core/value';
import { readClixmlDocument, writeClixmlDocument, type ClixmlItem } from '../../src/psrp/clixml/document';
import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { LocalProtocolError, RemoteProtocolError } from '../../src/psrp/errors';
import { corpusRecords } from '../support/corpus';
import { deserializedTypeNames, dotnetTypeOf } from '../support/dotnet-view';
import { comparable, typedOfValue, valueOfTyped, type TypedValue } from '../support/typed-value';

interface Item {
  readonly stream?: string;
  readonly value: TypedValue;
}

interface ClixmlRecord {
  readonly source: string;
  readonly direction: 'serialize' | 'deserialize' | 'serialize-objs' | 'deserialize-objs';
  readonly xml?: string;
  readonly value?: TypedValue | readonly (TypedValue | Item)[];
  readonly wire?: TypedValue;
  readonly error?: unknown;
  readonly pwsh?: {
    readonly accepts: boolean;
    readonly type?: string;
    readonly typeNames?: readonly string[];
  };
}

const records = corpusRecords('clixml.jsonl') as readonly ClixmlRecord[];
const titled = records.map(
  (record, index) => [`${String(index)} ${record.direction} ${record.source}`, record] as const,
);
const single = titled.filter(([, record]) => !record.direction.endsWith('-objs'));
const documents = titled.filter(([, record]) => record.direction.endsWith('-objs'));

/** Where the two disagree, PowerShell is right; where PowerShell was not asked, the record's own view counts. */
function isRefused({ pwsh, error }: ClixmlRecord): boolean {
  return pwsh === undefined ? error !== undefined : !pwsh.accepts;
}

function select(
  from: readonly (readonly [string, ClixmlRecord])[],
  isWanted: (record: ClixmlRecord) => boolean,
): readonly (readonly [string, ClixmlRecord])[] {
  return from.filter(([, record]) => isWanted(record));
}

test('the corpus is there', () => {
  expect(records.length).toBeGreaterThanOrEqual(301);
});

test.each(select(single, (record) => record.xml !== undefined && !isRefused(record)))(
  'is read as PowerShell reads it: %s',
  (_, record) => {
    const value = readClixml(record.xml ?? '');
    const like = record.error === undefined ? typedOf(record) : undefined;
    const hasNames = value.type === 'object' && value.typeNames.length > 0;
    expect({
      value: like && typedOfValue(value, like),
      type: record.pwsh && dotnetTypeOf(value),
      typeNames: hasNames && record.pwsh?.typeNames ? deserializedTypeNames(value.typeNames) : undefined,
    }).toEqual({
      value: like && comparable(like),
      type: record.pwsh?.type,
      typeNames: hasNames ? record.pwsh?.typeNames : undefined,
    });
  },
);

test.each(select(single, (record) => record.xml !== undefined && isRefused(record)))(
  'is refused as PowerShell refuses it: %s',
  (_, record) => {
    expect(() => readClixml(record.xml ?? '')).toThrow(RemoteProtocolError);
  },
);

const toWrite = select(single, (record) => record.direction === 'serialize' && typedOf(record) !== undefined);

test.each(select(toWrite, (record) => record.xml !== undefined && !isRefused(record)))(
  'is written so that a peer reads it: %s',
  (_, record) => {
    const written = writeClixml(valueOfTyped(typedOf(record) ?? { t: 'Null' }));
    expect(withoutText(readClixml(written))).toEqual(withoutText(readClixml(record.xml ?? '')));
  },
);

test.each(select(toWrite, isRefused))('is not written, as no peer reads it: %s', (_, record) => {
  expect(() => writeClixml(valueOfTyped(typedOf(record) ?? { t: 'Null' }))).toThrow(LocalProtocolError);
});

test.each(select(single, (record) => record.xml !== undefined && !isRefused(record)))(
  'is the same when it was written and read again: %s',
  (_, record) => {
    const value = readClixml(record.xml ?? '');
    expect(readClixml(writeClixml(value))).toStrictEqual(value);
  },
);

test('documents are read item by item, each with its stream', () => {
  for (const [, record] of select(documents, ({ xml, error }) => xml !== undefined && error === undefined)) {
    const wanted = itemsOf(record.value);
    const items = readClixmlDocument(record.xml ?? '');
    expect(items.map((item, index) => described(item, wanted[index]))).toEqual(wanted.map(comparableItem));
    expect(readClixmlDocument(writeClixmlDocument(items))).toStrictEqual(items);
  }
  expect(() => readClixmlDocument('')).toThrow(RemoteProtocolError);
});

function typedOf({ wire, value }: ClixmlRecord): TypedValue | undefined {
  if (wire !== undefined) return wire;
  return value !== undefined && 't' in value ? value : undefined;
}

function itemsOf(value: ClixmlRecord['value']): readonly Item[] {
  if (value === undefined) return [];
  if ('t' in value) return [{ value }];
  return value.map((item) => ('t' in item ? { value: item } : item));
}

function described({ value, stream }: ClixmlItem, like: Item | undefined): unknown {
  const typed = typedOfValue(value, like?.value ?? { t: 'Null' });
  return like?.stream === undefined ? { value: typed } : { value: typed, stream };
}

function comparableItem(item: Item): unknown {
  const value = comparable(item.value);
  return item.stream === undefined ? { value } : { value, stream: item.stream };
}

/** psrpcore leaves out texts of objects that PowerShell writes, and numbers objects in another order. */
function withoutText(value: Value): unknown {
  if (value.type !== 'object') return value;
  const { text, referenceId, base, adapted, extended, ...rest } = value;
  const bare = (properties: readonly Property[]) =>
    properties.map((property) => ({ ...property, value: withoutText(property.value) }));
  return {
    ...rest,
    base: base === undefined ? undefined : withoutText(base),
    adapted: bare(adapted),
    extended: bare(extended),
  };
}
