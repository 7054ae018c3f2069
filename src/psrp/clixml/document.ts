import type { Value } from '../../core/value';
import { LocalProtocolError } from '../errors';
import { ValueReader, type ClixmlLimits } from './reader';
import { ValueWriter } from './writer';
import { XmlCursor } from './xml-cursor';

/** One value of a CLIXML document, and the stream it was written to where the document says so (`S="Error"`). */
export interface ClixmlItem {
  readonly value: Value;
  readonly stream?: string;
}

const namespace = 'http://schemas.microsoft.com/powershell/2004/04';
const version = '1.1.0.1';
const errorStreamMark = '#< CLIXML';

/**
 * Reads CLIXML as files have it (`<Objs Version=…>`, Export-Clixml) and as PowerShell writes it to a standard error
 * stream: after a line `#< CLIXML`, any number of times. References hold within one `<Objs>`. Anything malformed
 * throws RemoteProtocolError.
 */
export function readClixmlDocument(text: string, limits: ClixmlLimits = {}): readonly ClixmlItem[] {
  const cursor = new XmlCursor(text);
  cursor.skipDeclaration();
  const items: ClixmlItem[] = [];
  let isEmpty = !cursor.skipLine(errorStreamMark);
  while (!cursor.isAtEnd()) {
    if (cursor.skipLine(errorStreamMark)) continue;
    readDocument(cursor, limits, items);
    isEmpty = false;
  }
  if (isEmpty) throw cursor.malformed('no <Objs>');
  return items;
}

function readDocument(cursor: XmlCursor, limits: ClixmlLimits, items: ClixmlItem[]): void {
  if (!cursor.enterElement() || cursor.name !== 'Objs') throw cursor.malformed('something else than <Objs>');
  const unknownElements = minorVersion(cursor) > 1 ? 'skipped' : 'refused';
  if ((cursor.namespaceAttribute ?? namespace) !== namespace) throw cursor.malformed('another name space');
  if (cursor.isEmpty) return;
  const reader = new ValueReader(cursor, { ...limits, unknownElements });
  while (cursor.enterElement()) {
    const stream = cursor.streamAttribute;
    const value = reader.readValue();
    items.push(stream === undefined ? { value } : { value, stream });
  }
  cursor.leaveElement('Objs');
}

function minorVersion(cursor: XmlCursor): number {
  const parts = /^1\.([0-9]{1,9})(?:\.[0-9]{1,9}){0,2}$/.exec(cursor.versionAttribute ?? version);
  if (parts === null) throw cursor.error('CLIXML_VERSION', 'CLIXML of another version than 1');
  return Number(parts[1]);
}

/** Writes values as a `<Objs>` document; as `writeClixml`, for many values that may refer to each other's objects. */
export function writeClixmlDocument(items: readonly ClixmlItem[]): string {
  const writer = new ValueWriter(items.map((item) => item.value));
  for (const { value, stream } of items)
    writer.write(value, stream === undefined ? '' : streamAttribute(stream));
  return `<Objs Version="${version}" xmlns="${namespace}">${writer.text}</Objs>`;
}

function streamAttribute(stream: string): string {
  if (/^[A-Za-z0-9_]+$/.test(stream)) return ` S="${stream}"`;
  throw new LocalProtocolError('CLIXML_UNSAYABLE', 'the name of a CLIXML stream is letters and digits');
}
