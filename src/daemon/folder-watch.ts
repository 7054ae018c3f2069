import { statSync } from 'node:fs';
import { systemCodeOf } from '../store/system-error';

/** Tells whether a file that was there is still that very file: not removed, and nothing else in its place. */
export function sameFile(path: string): () => boolean {
  const first = identityOf(path);
  return () => identityOf(path) === first;
}

function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${String(dev)}:${String(ino)}`;
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'none';
    throw thrown;
  }
}
