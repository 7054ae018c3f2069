/** What tracebacks call the source, whose frames are left out of them. Not our product's name: who ends the daemon by its name is not to end engines. */
const sourceName = 'engine.py';

/**
 * How a Python process gets its source: `python3 -c TEXT`, where the text reads a length (four bytes, big-endian) and that many
 * bytes of source from a descriptor that is already open, and runs them, out of the sight of user code. So nothing need be installed where the
 * engine runs, a new version on disk changes nothing for a process that is to start, and the command line stays short.
 */
export function bootstrapScript(descriptor: 0 | 3): string {
  return `import sys
if sys.version_info < (3, 8):
    sys.exit("Python 3.8 or later is needed; %s is %s" % (sys.executable, sys.version.split()[0]))
def start():
    import builtins, os
    def read(length):
        data = b""
        while len(data) < length:
            piece = os.read(${descriptor}, length - len(data))
            if not piece:
                os._exit(1)
            data += piece
        return data
    source = read(int.from_bytes(read(4), "big"))
    exec(compile(source, "${sourceName}", "exec"), {"__name__": "engine", "__builtins__": dict(vars(builtins))})
start()
`;
}

/** The runner's source as the text above reads it, with the text for the interpreter before it. */
export function bootstrapBytes(runnerSource: string): Uint8Array {
  const source = Buffer.from(`BOOTSTRAP = ${JSON.stringify(bootstrapScript(3))}\n${runnerSource}`, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(source.length);
  return Buffer.concat([length, source]);
}
