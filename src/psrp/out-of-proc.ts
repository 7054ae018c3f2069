import { joinBytes, type Codec } from './codec';
import { RemoteProtocolError } from './errors';
import { LineReader } from './line-reader';

/*
 * The out-of-process transport of PSRP: XML elements on the pipes of a child process, one or more to a line.
 *
 *   <Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>BASE64</Data>
 *   <Command PSGuid='…' />   and in the same shape DataAck, CommandAck, Close, CloseAck, Signal, SignalAck
 *
 * PSGuid is a pipeline's id, or the empty GUID for the session. The base64 holds whole fragments. The client sends
 * Data, Command, Signal and Close; each is acknowledged; the server's own Data is not.
 *
 * What else a process writes to its standard output (a child that inherited it, a raw console write) lands between
 * these lines, and before them when it has no line end. Such text becomes `noise` and harms nothing; a line that
 * starts like an element and is none breaks the protocol.
 */

/** Elements that carry nothing but the id of what they are about. */
export type SignalName = 'Command' | 'CommandAck' | 'DataAck' | 'Close' | 'CloseAck' | 'Signal' | 'SignalAck';

/** Host responses travel beside everything else, so that they can overtake pipeline input. */
export type DataStream = 'Default' | 'PromptResponse';

/** One element of the transport. `pipelineId` is the empty GUID for the session. */
export type OutOfProcElement =
  | {
      readonly name: 'Data';
      readonly stream: DataStream;
      readonly pipelineId: string;
      readonly bytes: Uint8Array;
    }
  | { readonly name: SignalName; readonly pipelineId: string };

/** What was read: an element, or text that is none. */
export type Incoming = OutOfProcElement | { readonly name: 'noise'; readonly text: string };

const knownNames: ReadonlySet<string> = new Set<SignalName | 'Data'>([
  'Data',
  'Command',
  'CommandAck',
  'DataAck',
  'Close',
  'CloseAck',
  'Signal',
  'SignalAck',
]);
const longestTag = 1024;
const lessThan = 0x3c;
const greaterThan = 0x3e;

/** Writes an element as one line, in the very form that PowerShell writes. */
export function encodeElement(element: OutOfProcElement, codec: Codec): Uint8Array {
  if (element.name !== 'Data') {
    return codec.encodeUtf8(`<${element.name} PSGuid='${element.pipelineId}' />\n`);
  }
  const start = `<Data Stream='${element.stream}' PSGuid='${element.pipelineId}'>`;
  return joinBytes([
    codec.encodeUtf8(start),
    codec.encodeBase64(element.bytes),
    codec.encodeUtf8('</Data>\n'),
  ]);
}

/** Reads elements from bytes in chunks of any size. */
export class ElementReader {
  readonly #lines: LineReader;
  readonly #codec: Codec;
  /** What the last line held, the next one last. */
  #ready: Incoming[] = [];
  #lastTag: { readonly text: string; readonly tag: Tag } | undefined;

  constructor(options: { readonly codec: Codec; readonly maximumLineLength: number }) {
    this.#codec = options.codec;
    this.#lines = new LineReader(options.maximumLineLength);
  }

  /** Keeps a reference: the chunk must not be changed afterwards. */
  receive(chunk: Uint8Array): void {
    this.#lines.receive(chunk);
  }

  /** The next element or piece of noise; undefined when more bytes are needed. Throws RemoteProtocolError. */
  next(): Incoming | undefined {
    while (this.#ready.length === 0) {
      const line = this.#lines.next();
      if (line === undefined) return undefined;
      this.#ready = line.isNoise ? this.#salvage(line.bytes) : this.#parseLine(line.bytes, 0);
      this.#ready.reverse();
    }
    return this.#ready.pop();
  }

  /** Noise, and the elements that follow it on the same line when what was written had no line end. */
  #salvage(line: Uint8Array): Incoming[] {
    for (let start = line.indexOf(lessThan); start >= 0; start = line.indexOf(lessThan, start + 1)) {
      if (!this.#startsKnownElement(line, start)) continue;
      try {
        const elements = this.#parseLine(line, start);
        const isBlank = line.subarray(0, start).every(isSpace);
        return isBlank ? elements : [this.#noise(line.subarray(0, start)), ...elements];
      } catch (error) {
        if (!(error instanceof RemoteProtocolError)) throw error;
        break;
      }
    }
    return [this.#noise(line)];
  }

  #startsKnownElement(line: Uint8Array, start: number): boolean {
    const name = /^<([A-Z][A-Za-z]*) /.exec(this.#codec.decodeUtf8(line.subarray(start, start + 12)));
    return name?.[1] !== undefined && knownNames.has(name[1]);
  }

  #noise(bytes: Uint8Array): Incoming {
    return { name: 'noise', text: this.#codec.decodeUtf8(bytes) };
  }

  #parseLine(line: Uint8Array, start: number): OutOfProcElement[] {
    const elements: OutOfProcElement[] = [];
    for (let position = start; position < line.length;) {
      const after = this.#afterSpaceOrComment(line, position);
      if (after > position) {
        position = after;
        continue;
      }
      if (line[position] !== lessThan) throw malformed('text stands between elements');
      const [element, end] = this.#parseElement(line, position);
      elements.push(element);
      position = end;
    }
    return elements;
  }

  #afterSpaceOrComment(line: Uint8Array, position: number): number {
    if (isSpace(line[position])) return position + 1;
    if (line[position] !== lessThan || line[position + 1] !== 0x21) return position;
    if (line[position + 2] !== 0x2d || line[position + 3] !== 0x2d) return position;
    for (
      let end = line.indexOf(greaterThan, position + 4);
      end >= 0;
      end = line.indexOf(greaterThan, end + 1)
    ) {
      if (end - position >= 6 && line[end - 1] === 0x2d && line[end - 2] === 0x2d) return end + 1;
    }
    throw malformed('a comment does not end');
  }

  #parseElement(line: Uint8Array, start: number): [OutOfProcElement, number] {
    const tagEnd = line.indexOf(greaterThan, start) + 1;
    if (tagEnd === 0 || tagEnd - start > longestTag) throw malformed('an element is not whole');
    const tag = this.#tagOf(line.subarray(start, tagEnd));
    if (tag.name !== 'Data') {
      const end = tag.isEmpty ? tagEnd : this.#afterEndTag(line, tagEnd, tag.name);
      return [{ name: tag.name, pipelineId: tag.pipelineId }, end];
    }
    const textEnd = tag.isEmpty ? tagEnd : line.indexOf(lessThan, tagEnd);
    if (textEnd <= tagEnd) throw malformed('a Data element has no text');
    const bytes = this.#codec.decodeBase64(line.subarray(tagEnd, textEnd));
    if (bytes === undefined) throw malformed('the text of a Data element is not base64');
    const { stream, pipelineId } = tag;
    return [{ name: 'Data', stream, pipelineId, bytes }, this.#afterEndTag(line, textEnd, 'Data')];
  }

  #afterEndTag(line: Uint8Array, start: number, name: string): number {
    const end = line.indexOf(greaterThan, start) + 1;
    const text = this.#codec.decodeUtf8(line.subarray(start, Math.min(end, start + name.length + 8)));
    if (end === 0 || text.trimEnd().replace(/\s*>$/, '>') !== `</${name}>`) {
      throw malformed(`the element ${name} does not end`);
    }
    return end;
  }

  /** Almost every line has the tag of the line before it. */
  #tagOf(bytes: Uint8Array): Tag {
    const text = this.#codec.decodeUtf8(bytes);
    if (this.#lastTag?.text !== text) this.#lastTag = { text, tag: parseTag(text) };
    return this.#lastTag.tag;
  }
}

type Tag =
  | {
      readonly name: 'Data';
      readonly stream: DataStream;
      readonly pipelineId: string;
      readonly isEmpty: boolean;
    }
  | { readonly name: SignalName; readonly pipelineId: string; readonly isEmpty: boolean };

const tagForm = /^<([A-Za-z]+)((?:\s+[A-Za-z]+\s*=\s*(?:'[^'<]*'|"[^"<]*"))*)\s*(\/?)>$/;
const attributeForm = /([A-Za-z]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/g;
const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseTag(text: string): Tag {
  const [, name, attributeText = '', slash] = tagForm.exec(text) ?? [];
  if (name === undefined) throw malformed('an element is malformed');
  if (!isKnownName(name)) throw malformed(`there is no element ${name.slice(0, 64)}`);
  const attributes = [...attributeText.matchAll(attributeForm)];
  const valueOf = (wanted: string): string | undefined => {
    const found = attributes.find(([, attribute]) => attribute === wanted);
    return found?.[2] ?? found?.[3];
  };
  const pipelineId = valueOf('PSGuid')?.toLowerCase();
  if (pipelineId === undefined || !guidForm.test(pipelineId)) throw malformed(`${name} has no PSGuid`);
  if (attributes.length !== (name === 'Data' ? 2 : 1)) throw malformed(`${name} has other attributes`);
  const isEmpty = slash === '/';
  if (name !== 'Data') return { name, pipelineId, isEmpty };
  const stream = valueOf('Stream');
  if (stream !== 'Default' && stream !== 'PromptResponse') throw malformed('Data has no known Stream');
  return { name, stream, pipelineId, isEmpty };
}

function isKnownName(name: string): name is SignalName | 'Data' {
  return knownNames.has(name);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function malformed(reason: string): RemoteProtocolError {
  return new RemoteProtocolError('LINE_MALFORMED', `a line of the peer is no protocol: ${reason}`);
}
