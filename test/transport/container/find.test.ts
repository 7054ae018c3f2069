import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerTarget } from '../../../src/core/target';
import { findContainer, runningContainer } from '../../../src/transport/container/find';
import { runtimesIn, type Runtime } from '../../../src/transport/container/runtime';
import { wordsIn } from '../../../src/transport/container/words';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
const patienceMs = 10_000;

afterAll(() => folder[Symbol.dispose]());

/** What `docker ps --format '{{json .}}'` writes, and podman's `--format json`, as far as it is read. */
const dockers = [
  { ID: 'aa11'.padEnd(64, '0'), Names: 'web', State: 'running', Status: 'Up 2 hours' },
  { ID: 'aa22'.padEnd(64, '0'), Names: 'db', State: 'exited', Status: 'Exited (137) 3 seconds ago' },
];
const podmans = [
  { Id: 'bb11'.padEnd(64, '0'), Names: ['pod'], State: 'running', Status: 'Up 1 second ago' },
  {
    Id: 'bb22'.padEnd(64, '0'),
    Names: ['web', 'second'],
    State: 'paused',
    Status: 'Up 1 second ago (Paused)',
  },
  { Id: 'cc11'.padEnd(64, '0'), Names: ['aa11'], State: 'running', Status: '' },
];

/** A program that answers as a runtime does; the daemons behind the real ones can't be had everywhere. */
function program(name: string, text: string, code = 0): string {
  const file = path.join(folder.path, name);
  const stream = code === 0 ? '' : ' >&2';
  writeFileSync(file, `#!/bin/sh\ncat <<'END'${stream}\n${text}\nEND\nexit ${code}\n`);
  chmodSync(file, 0o755);
  return file;
}

const lines = dockers.map((one) => JSON.stringify(one)).join('\n');
const both = runtimesIn({
  RUNSPACED_DOCKER: program('docker', lines),
  RUNSPACED_PODMAN: program('podman', JSON.stringify(podmans)),
});

function at(container: string, runtime?: 'docker' | 'podman'): ContainerTarget {
  return {
    is: 'container',
    container,
    runAsAdministrator: false,
    ...(runtime === undefined ? {} : { runtime }),
  };
}

async function found(target: ContainerTarget, runtimes: readonly Runtime[] = both): Promise<string> {
  const { runtime, id } = await findContainer(target, runtimes, patienceMs);
  return `${runtime.name} ${id.slice(0, 4)}`;
}

test.each([
  ['db', 'docker aa22'],
  ['pod', 'podman bb11'],
  ['second', 'podman bb22'],
  ['bb1', 'podman bb11'],
  ['BB1', 'podman bb11'],
  ['aa22'.padEnd(64, '0'), 'docker aa22'],
  // A name comes before the beginning of an id.
  ['aa11', 'podman cc11'],
])('P08 %s is %s', async (reference, expected) => {
  expect(await found(at(reference))).toBe(expected);
});

test('P08 what both have is found where the runtime is named, and else refused with the candidates', async () => {
  expect(await found(at('web', 'docker'))).toBe('docker aa11');
  expect(await found(at('web', 'podman'))).toBe('podman bb22');
  await expect(found(at('web'))).rejects.toMatchObject({
    code: 'CONTAINER_AMBIGUOUS',
    message: expect.stringMatching(
      /bb2200000000 \(web, second, podman\), aa1100000000 \(web, docker\)/,
    ) as string,
  });
  await expect(found(at('bb'))).rejects.toMatchObject({ code: 'CONTAINER_AMBIGUOUS' });
});

test('P08 a docker that is podman under another name makes nothing ambiguous', async () => {
  const same = program('podman-docker', JSON.stringify(podmans));
  const runtimes = runtimesIn({ RUNSPACED_DOCKER: same, RUNSPACED_PODMAN: same });
  expect(await found(at('pod'), runtimes)).toBe('podman bb11');
});

test.each([
  ['db', /exited: Exited \(137\) 3 seconds ago.*docker start db/],
  ['second', /paused.*podman unpause second/],
])('P08 %s does not run, and how to change that is said', async (reference, message) => {
  await expect(runningContainer(at(reference), both, patienceMs)).rejects.toMatchObject({
    code: 'CONTAINER_NOT_RUNNING',
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  [
    'is not there',
    { RUNSPACED_DOCKER: '/no/docker', RUNSPACED_PODMAN: '/no/podman' },
    /neither podman \(\/no\/podman\) nor docker \(\/no\/docker\) is on the daemon's machine.*RUNSPACED_PODMAN or RUNSPACED_DOCKER/,
  ],
  [
    'may not be asked',
    {
      RUNSPACED_DOCKER: program(
        'closed',
        'permission denied while trying to connect to the Docker daemon socket',
        1,
      ),
      RUNSPACED_PODMAN: '/no/podman',
    },
    /docker can't be asked: permission denied.*group docker/,
  ],
  [
    'does not know it, and the other one can not be asked',
    {
      RUNSPACED_DOCKER: program('down', 'Is the docker daemon running?', 1),
      RUNSPACED_PODMAN: program('empty', '[]'),
    },
    /no container "x" in podman.*docker can't be asked: Is the docker daemon running/,
  ],
])('P08 a runtime that %s', async (_, environment, expected) => {
  await expect(found(at('x'), runtimesIn(environment))).rejects.toThrow(expected);
});

test.each([
  ['podman --runtime runc', ['podman', '--runtime', 'runc']],
  [`  "/a b/podman"  --x='1 2' y\\ z "" `, ['/a b/podman', '--x=1 2', 'y z', '']],
])('the words of %s', (line, words) => {
  expect(wordsIn(line)).toEqual(words);
});
