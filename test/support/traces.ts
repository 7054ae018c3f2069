import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The forms in which a text may lie about: UTF-8 and UTF-16, as they are and in base64 at any of its three offsets. */
export function formsOf(text: string): readonly Buffer[] {
  const encoded = [Buffer.from(text), Buffer.from(text, 'utf16le')];
  return [...encoded, ...encoded.flatMap((bytes) => [0, 1, 2].map((skip) => base64Core(bytes, skip)))];
}

/** What of these bytes looks the same in any base64 text that begins so many bytes before them. */
function base64Core(bytes: Uint8Array, skip: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(skip), bytes]).toString('base64');
  return Buffer.from(text.slice(4, -4));
}

/** Files under a folder that hold one of these. */
export function filesHolding(folder: string, forms: readonly Buffer[]): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesHolding(path, forms);
    if (!entry.isFile()) return [];
    return holds(readFileSync(path), forms) ? [path] : [];
  });
}

/** Whether bytes hold one of these. */
export function holds(bytes: Buffer, forms: readonly Buffer[]): boolean {
  return forms.some((form) => bytes.includes(form));
}
