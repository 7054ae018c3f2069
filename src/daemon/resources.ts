/** What is to be freed, in the reverse order of its making, when its owner ends. (Node 20 has no AsyncDisposableStack.) */
export class Resources implements AsyncDisposable {
  #endings: (() => void | Promise<void>)[] = [];

  /** Runs `end` when these resources are disposed of. */
  defer(end: () => void | Promise<void>): void {
    this.#endings.push(end);
  }

  /** Disposes of it with the others. */
  use(resource: Disposable): void {
    this.defer(() => {
      resource[Symbol.dispose]();
    });
  }

  /** Hands everything to a new owner; disposing of this one frees nothing then. */
  move(): Resources {
    const moved = new Resources();
    moved.#endings = this.#endings;
    this.#endings = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) await end();
  }
}
