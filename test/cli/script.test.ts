import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { commands } from '../../clients/cli/commands';
import { Context } from '../../clients/cli/context';
import { decodeScript } from '../../clients/cli/decode-script';
import { parseLine } from '../../clients/cli/parse';
import { scriptOf } from '../../clients/cli/script';
import { Terminal } from '../../clients/cli/terminal';

const stream = Object.assign(new PassThrough(), { isTTY: false, columns: 80, rows: 24 });
const terminal = new Terminal({ stdout: stream, stderr: stream }, 'plain');
const folder = mkdtempSync(join(tmpdir(), 'script-'));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function script(...words: string[]): string {
  const line = parseLine(['invoke', ...words], commands);
  return scriptOf(new Context(line, {}, terminal));
}

const text = '"grün 😀"\n';
const utf16le = Buffer.from(`\ufeff${text}`, 'utf16le');

describe('P11 a script file', () => {
  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE with a byte order mark', utf16le],
    ['UTF-16BE with a byte order mark', Buffer.from(utf16le).swap16()],
  ])('in %s gives the same text', (_encoding, bytes) => {
    expect(script('work', '-f', file('script.ps1', bytes))).toBe(text);
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /UTF-8/],
    ['UTF-16 of an odd length', Buffer.from([0xff, 0xfe, 0x41]), /UTF-16LE/],
    ['half a surrogate pair', Buffer.from([0xff, 0xfe, 0x3d, 0xd8]), /UTF-16LE/],
  ])('of %s is refused', (_what, bytes, message) => {
    expect(() => decodeScript(bytes, 'x.ps1')).toThrow(message);
  });

  test.each([
    ['that is missing', join(folder, 'nosuch.ps1'), /no such file on this side/],
    ['that is a folder', folder, /it is a folder/],
    ['named by a wildcard', join(folder, '*.ps1'), /wildcard/],
    ['that is empty', file('empty.ps1', ' \n'), /script is empty/],
  ])('%s is refused', (_what, path, message) => {
    expect(() => script('work', '-f', path)).toThrow(message);
  });

  test('beside a script on the command line is refused', () => {
    expect(() => script('work', '-f', file('a.ps1', '1'), '--', '1')).toThrow(/given twice/);
  });
});

describe('P10 the script on the command line', () => {
  test.each([
    [['work', '--', '1 + 1'], '1 + 1'],
    [['work', '--', 'echo', 'a', 'b'], 'echo a b'],
    [['work', '1 + 1'], '1 + 1'],
    [['--command', '1 + 1'], '1 + 1'],
    [['--script-block', '1 + 1'], '1 + 1'],
  ])('%p', (words, expected) => {
    expect(script(...words)).toBe(expected);
  });

  test.each([[['work', '--', '']], [['work', '--', ' \n ']], [['work', '--']], [['--command', '']]])(
    '%p is refused as empty',
    (words) => {
      expect(() => script(...words)).toThrow(/script is empty/);
    },
  );

  test('that is not there is asked for', () => {
    expect(() => script('work')).toThrow("write it after --, as in runspace invoke work -- '1 + 1'");
  });
});
