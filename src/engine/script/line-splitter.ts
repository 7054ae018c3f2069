/** Cuts text that comes in pieces of any size into lines, without their line ends. */
export class LineSplitter {
  #partial = '';

  /** The lines that are whole now. A carriage return before the line end goes with it. */
  push(piece: string): string[] {
    const end = piece.lastIndexOf('\n');
    if (end < 0) {
      this.#partial += piece;
      return [];
    }
    const lines = (this.#partial + piece.slice(0, end)).split('\n');
    this.#partial = piece.slice(end + 1);
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  /** The line that was begun, as far as it got; undefined: none was. */
  flush(): string | undefined {
    const line = this.#partial;
    this.#partial = '';
    return line === '' ? undefined : line;
  }

  /** How long the line that was begun is, in UTF-16 units. */
  get partialLength(): number {
    return this.#partial.length;
  }
}
