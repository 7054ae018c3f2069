import { spawn } from 'node:child_process';
import { toError } from '../../core/error';
import { wordsIn } from './words';

/** The programs that know containers. */
export type RuntimeName = 'docker' | 'podman';

type Environment = Readonly<Record<string, string | undefined>>;

/** A program that knows containers, and how it is run. */
export interface Runtime {
  readonly name: RuntimeName;
  /** The program and the arguments that come first. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

/** Variables by which docker and podman find their containers. */
export const runtimeVariables = [
  'CONTAINERS_CONF',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINER_CONNECTION',
  'CONTAINER_HOST',
  'CONTAINER_SSHKEY',
  'DOCKER_CERT_PATH',
  'DOCKER_CONFIG',
  'DOCKER_CONTEXT',
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
] as const;

/** The variables that say which programs these are, with arguments where they need some. */
export const commandVariables = { docker: 'RUNSPACED_DOCKER', podman: 'RUNSPACED_PODMAN' } as const;

/** Docker and podman as an environment has them; whether they are there shows when they are run. */
export function runtimesIn(environment: Environment): readonly Runtime[] {
  const own = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return (['podman', 'docker'] as const).map((name) => {
    const [program = name, ...first] = wordsIn(environment[commandVariables[name]] ?? name);
    return { name, command: [program, ...first], environment: own };
  });
}

/** How a command of a runtime went. */
export type Answer =
  | { readonly is: 'answered'; readonly output: string }
  | { readonly is: 'missing' }
  | { readonly is: 'failed'; readonly why: string };

/** What is kept of an answer; thousands of containers are listed in less. */
const longestAnswer = 16 * 1024 * 1024;

/** Runs a command of a runtime to its end. */
export function ask(
  { command: [program, ...first], environment }: Runtime,
  words: readonly string[],
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(program, [...first, ...words], {
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = collected(child.stdout);
    const err = collected(child.stderr);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const answer = (given: Answer): void => {
      clearTimeout(timer);
      resolve(given);
    };
    child.once('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      answer(isMissing ? { is: 'missing' } : { is: 'failed', why: toError(error).message });
    });
    child.once('close', (code, signal) => {
      if (code === 0) answer({ is: 'answered', output: out() });
      else if (signal === 'SIGKILL')
        answer({ is: 'failed', why: `it did not answer within ${String(timeoutMs)} ms` });
      else answer({ is: 'failed', why: err().trim() || `exit code ${String(code ?? signal)}` });
    });
  });
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= longestAnswer) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
