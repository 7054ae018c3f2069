/** What stack traces call the source. Not our product's name: who ends the daemon by its name is not to end engines. */
export const sourceName = 'engine.js';

/**
 * How a node process gets its source: `node -e TEXT`, where the text reads a length (four bytes, big-endian) and that many
 * bytes of source from a descriptor that is already open, and runs them. So nothing need be installed where the engine runs, a new version
 * on disk changes nothing for a process that is to start, and the command line stays short.
 * The source sees `require`, and `load`, which is `import()`.
 */
export function bootstrapScript(descriptor: 0 | 3): string {
  return `{
const { readSync } = require('fs');
const pause = new Int32Array(new SharedArrayBuffer(4));
const read = (length) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    try {
      const count = readSync(${descriptor}, bytes, at, length - at);
      if (count === 0) process.exit(1);
      at += count;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 2);
    }
  }
  return bytes;
};
const source = read(read(4).readUInt32BE(0)).toString();
require('vm').compileFunction(source, ['require', 'load'], { filename: '${sourceName}' })(require, (name) => import(name));
}`;
}

/** The source as the text above reads it. */
export function bootstrapBytes(source: string): Uint8Array {
  const text = Buffer.from(source, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}
