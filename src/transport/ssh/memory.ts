/**
 * What was answered while connecting, so that another connection to the same place needs nobody. Lives in the memory of
 * the process that holds the connection, and nowhere else.
 */
export class Memory {
  /** By the question's caption and text. */
  readonly #answers = new Map<string, string>();

  recall(question: string): string | undefined {
    return this.#answers.get(question);
  }

  keep(question: string, answer: string): void {
    this.#answers.set(question, answer);
  }

  /** It was wrong. */
  forget(question: string): void {
    this.#answers.delete(question);
  }

  /** What another connection to the same place was told. */
  learn(other: Memory): void {
    for (const [question, answer] of other.#answers) this.#answers.set(question, answer);
  }
}
