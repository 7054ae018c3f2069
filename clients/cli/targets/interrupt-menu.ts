import { readTypedKey } from '../keyboard';
import type { Terminal } from '../terminal';

/** What is to become of a run after Ctrl-C. */
type Answer = 'stop' | 'detach' | 'goOn';

/** Asks at the terminal. A second Ctrl-C, and a terminal that is gone, mean stop. */
export async function askWhatToDo(terminal: Terminal): Promise<Answer> {
  await terminal.note(
    '\nrunspace: [s]top all, [d]etach (what is not over goes on as a job), or [c]ontinue?\n',
  );
  for (;;) {
    const typed = await readTypedKey(new AbortController().signal);
    if (typed.is !== 'text') return 'stop';
    switch (typed.text.toLowerCase()) {
      case 's':
        return 'stop';
      case 'd':
        return 'detach';
      case 'c':
        return 'goOn';
    }
  }
}
