import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engines } from '../../src/daemon/engines';
import { temporaryFolder } from '../support/temporary-folder';

/** A folder with a program called python3 in it. */
function withPython(root: string, name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'python3'), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

describe('P113 engines that are found', () => {
  test("P113 Python is the first python3 of the caller's PATH, then of the daemon's", () => {
    using folder = temporaryFolder();
    const [own, callers] = [withPython(folder.path, 'own'), withPython(folder.path, 'callers')];
    mkdirSync(join(folder.path, 'odd', 'python3'), { recursive: true });
    const engines = new Engines({
      powershell: undefined,
      minimalHostPath: '/none',
      environment: { PATH: own },
    });
    const find = (callerPath?: string): string => engines.find('Python', { callerPath }).program;
    expect([find(), find(callers), find(join(folder.path, 'odd'))]).toEqual([
      join(own, 'python3'),
      join(callers, 'python3'),
      join(own, 'python3'),
    ]);
  });

  test('P113 where there is none, the others are there, and the message says how to get it', () => {
    const engines = new Engines({
      powershell: undefined,
      minimalHostPath: '/none',
      environment: { PATH: '/none' },
    });
    expect(engines.find('javascript').engine).toBe('javascript');
    expect(() => engines.find('python')).toThrow(
      expect.objectContaining({ code: 'ENGINE_NOT_FOUND', facts: { engine: 'python' } }) as Error,
    );
    expect(engines.all().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['powershell', 'javascript', 'python']),
    );
  });

  test('an engine that nobody knows is refused with the choices', () => {
    const engines = new Engines({ powershell: undefined, minimalHostPath: '/none', environment: {} });
    expect(() => engines.find('cobol')).toThrow(/"cobol"; choose powershell, javascript.* or /);
  });
});
