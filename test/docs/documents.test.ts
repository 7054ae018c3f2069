import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const has = (file: string): boolean => existsSync(path.join(root, file));

/** Folders of src/ that hold a file, without what is generated. */
function findRooms(): string[] {
  return readdirSync(path.join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'gen')
    .filter(({ name }) => readdirSync(path.join(root, 'src', name)).length > 0)
    .map(({ name }) => `src/${name}`);
}

function findDocuments(folder = '.'): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(file) ? [] : findDocuments(file);
    return file.endsWith('.md') ? [file] : [];
  });
}
const skipped = new Set(['node_modules', 'dist', '.git', 'src/gen', 'clients/typescript/gen', 'test/corpus']);

const rooms = findRooms();
const documents = findDocuments();
const makeTargets = new Set([...read('Makefile').matchAll(/^([a-z-]+):.*##/gm)].map(([, target]) => target));

describe('every room', () => {
  test.each(rooms)('%s has a README of at most 20 lines', (room) => {
    const lines = has(`${room}/README.md`) ? read(`${room}/README.md`).trimEnd().split('\n').length : 0;
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThanOrEqual(20);
  });

  test.each(rooms)('%s is on the map in ARCHITECTURE.md', (room) => {
    expect(read('ARCHITECTURE.md')).toContain(`\`${path.basename(room)}`);
  });
});

describe('every document', () => {
  test.each(documents)('%s links only to what exists', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link]) => link ?? '');
    const here = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(here.filter((link) => !has(path.join(path.dirname(document), link)))).toEqual([]);
  });

  test.each(documents)('%s names only make targets that exist', (document) => {
    const named = [...read(document).matchAll(/(?:^|`)make ([a-z-]+)/gm)].map(([, target]) => target);
    expect(named.filter((target) => !makeTargets.has(target))).toEqual([]);
  });
});

test("the README's two commands are `make demo` and `make test`", () => {
  expect(read('README.md')).toMatch(/^make demo\b/m);
  expect(read('README.md')).toMatch(/^make test\b/m);
});

test('the changelog starts with the version of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
});
