import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../core/error';

const mostSecrets = 10_000;
const mostSecretChars = 16 * 1024 * 1024;

/**
 * One session's secrets, sealed as they travelled and held in this process's memory only: what is written to disk is
 * an id that means nothing elsewhere. Bounded: the oldest go first and read as lost from then on.
 */
export class Secrets {
  readonly #sealedById = new Map<string, string>();
  #chars = 0;

  /** Takes a sealed text; returns the id that stands for it. */
  keep(sealed: string): string {
    const id = randomUUID();
    this.#sealedById.set(id, sealed);
    this.#chars += sealed.length;
    this.#dropOldest();
    return id;
  }

  /** The sealed text. Throws INVALID_ARGUMENT that names `path` where this keeper never had it, or has it no more. */
  resolve(id: string, path: string): string {
    const sealed = this.#sealedById.get(id);
    if (sealed !== undefined) return sealed;
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `${path}: this secret is lost (SecretLost): secrets live in the memory of the session's keeper; send it anew`,
      { facts: { path, secret: 'SecretLost' } },
    );
  }

  #dropOldest(): void {
    for (const [id, sealed] of this.#sealedById) {
      if (this.#sealedById.size <= mostSecrets && this.#chars <= mostSecretChars) return;
      this.#sealedById.delete(id);
      this.#chars -= sealed.length;
    }
  }
}
