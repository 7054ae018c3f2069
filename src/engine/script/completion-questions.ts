import { RunspaceError } from '../../core/error';
import type { EngineEnd, InputCompletions } from '../engine';
import type { ReceivedMessage } from './report';

/** What an interpreter answered: texts that may stand in the place of `replaced`, the end of the line. */
interface CompletionAnswer {
  readonly texts: readonly string[];
  readonly replaced: string;
}

/** Questions for completions that are not answered yet. */
export class CompletionQuestions {
  readonly #waiting = new Map<number, (answer: CompletionAnswer) => void>();
  #last = 0;

  /** Asks, and waits for the answer. Rejects with ENGINE_LOST when the engine ends first. */
  async ask(send: (id: number) => void, ended: Promise<EngineEnd>): Promise<CompletionAnswer> {
    const id = ++this.#last;
    const answer = new Promise<CompletionAnswer>((resolve) => this.#waiting.set(id, resolve));
    try {
      send(id);
      const found = await Promise.race([answer, ended]);
      if (!('is' in found)) return found;
      throw found.is === 'lost' ? found.error : new RunspaceError('ENGINE_LOST', 'the engine is closed');
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** The interpreter's word. */
  answered(message: ReceivedMessage): void {
    const [texts, replaced] = [message.texts('texts'), message.text('replaced')];
    this.#waiting.get(message.integer('id'))?.({ texts, replaced });
  }
}

/** An answer about a line that ends at the cursor. */
export function completionsAt(cursor: number, { texts, replaced }: CompletionAnswer): InputCompletions {
  return { completions: texts, replaceFrom: cursor - replaced.length, replaceTo: cursor };
}
