/** One thing to ask whoever is connected. */
export interface Question {
  /** What it is about, such as `usera@host`. */
  readonly caption: string;
  /** As it is to be shown, such as `Password:`. */
  readonly text: string;
  /** Whether what is typed may be seen. */
  readonly isSecret: boolean;
}

/**
 * Asks, and waits for the answer; rejects where there will be none: HOST_CALL_UNANSWERED, or whoever is asked refused.
 * The answer is kept nowhere.
 */
export type AskPerson = (question: Question) => Promise<string>;
