import type { Value } from '../core/value';
import {
  bigintOf,
  boolOf,
  boolValue,
  entriesOf,
  int32Value,
  propertyBag,
  propertyOf,
  textOf,
} from './clixml/properties';

/** Two numbers: a position or a size, in characters. */
export interface Cells {
  readonly columns: number;
  readonly rows: number;
}

/** What a host's raw user interface starts with (MS-PSRP 2.2.3.14, _hostDefaultData). Colours are ConsoleColor numbers. */
export interface HostDefaultData {
  readonly foregroundColor: number;
  readonly backgroundColor: number;
  readonly cursorPosition: Cells;
  readonly windowPosition: Cells;
  /** Percent of a character cell. */
  readonly cursorSize: number;
  readonly bufferSize: Cells;
  readonly windowSize: Cells;
  readonly maxWindowSize: Cells;
  readonly maxPhysicalWindowSize: Cells;
  readonly windowTitle: string;
}

/**
 * What the server may ask of the client's host (MS-PSRP 2.2.3.14).
 * - `none`: nothing; a pipeline then uses its pool's host
 * - `text`: it writes lines and asks questions
 * - `console`: it also has a screen of cells
 */
export type HostInfo =
  | { readonly is: 'none' }
  | { readonly is: 'text' }
  | { readonly is: 'console'; readonly defaultData: HostDefaultData };

/** HostInfo as INIT_RUNSPACEPOOL and CREATE_PIPELINE carry it. */
export function hostInfoValue(info: HostInfo): Value {
  return propertyBag({
    _isHostNull: boolValue(info.is === 'none'),
    _isHostUINull: boolValue(info.is === 'none'),
    _isHostRawUINull: boolValue(info.is !== 'console'),
    _useRunspaceHost: boolValue(info.is === 'none'),
    _hostDefaultData: info.is === 'console' ? defaultDataValue(info.defaultData) : undefined,
  });
}

/** What a client's HostInfo says. A screen without its default data counts as none. */
export function readHostInfo(value: Value | undefined): HostInfo {
  if (boolOf(propertyOf(value, '_isHostNull')) !== false) return { is: 'none' };
  if (boolOf(propertyOf(value, '_isHostUINull')) !== false) return { is: 'none' };
  const data = entriesOf(propertyOf(propertyOf(value, '_hostDefaultData'), 'data'));
  if (boolOf(propertyOf(value, '_isHostRawUINull')) !== false || data === undefined) return { is: 'text' };
  return { is: 'console', defaultData: readDefaultData(data) };
}

function defaultDataValue(data: HostDefaultData): Value {
  const members = [
    typed('System.ConsoleColor', int32Value(data.foregroundColor)),
    typed('System.ConsoleColor', int32Value(data.backgroundColor)),
    coordinates(data.cursorPosition),
    coordinates(data.windowPosition),
    typed('System.Int32', int32Value(data.cursorSize)),
    size(data.bufferSize),
    size(data.windowSize),
    size(data.maxWindowSize),
    size(data.maxPhysicalWindowSize),
    typed('System.String', { type: 'string', value: data.windowTitle }),
  ];
  const entries = members.map((member, key) => [int32Value(key), member] as const);
  return propertyBag({ data: { type: 'dictionary', entries } });
}

function typed(typeName: string, value: Value): Value {
  return propertyBag({ T: { type: 'string', value: typeName }, V: value });
}

function coordinates({ columns, rows }: Cells): Value {
  const value = propertyBag({ x: int32Value(columns), y: int32Value(rows) });
  return typed('System.Management.Automation.Host.Coordinates', value);
}

function size({ columns, rows }: Cells): Value {
  const value = propertyBag({ width: int32Value(columns), height: int32Value(rows) });
  return typed('System.Management.Automation.Host.Size', value);
}

function readDefaultData(entries: readonly (readonly [Value, Value])[]): HostDefaultData {
  const member = (key: number): Value | undefined =>
    propertyOf(entries.find(([candidate]) => bigintOf(candidate) === BigInt(key))?.[1], 'V');
  const number = (value: Value | undefined): number => Number(bigintOf(value) ?? 0n);
  const cells = (value: Value | undefined): Cells => ({
    columns: number(propertyOf(value, 'x') ?? propertyOf(value, 'width')),
    rows: number(propertyOf(value, 'y') ?? propertyOf(value, 'height')),
  });
  return {
    foregroundColor: number(member(0)),
    backgroundColor: number(member(1)),
    cursorPosition: cells(member(2)),
    windowPosition: cells(member(3)),
    cursorSize: number(member(4)),
    bufferSize: cells(member(5)),
    windowSize: cells(member(6)),
    maxWindowSize: cells(member(7)),
    maxPhysicalWindowSize: cells(member(8)),
    windowTitle: textOf(member(9)) ?? '',
  };
}
