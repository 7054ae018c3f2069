import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '../../src/core/error';

const document = readFileSync(join(__dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
const explained = [...document.matchAll(/^\| ([A-Z_]+) +\|/gm)].map(([, reason]) => reason);

test('docs/errors.md explains every reason once, and no other', () => {
  expect([...explained].sort()).toEqual([...errorCodes].sort());
});
