import { findPowerShell } from '../../src/engine/powershell/find';

const programs = ['/opt/pwsh/pwsh', '/usr/bin/pwsh', '/dist/minimal-host', '/usr/bin/pwsh-preview'];
const find = (environment: Record<string, string>, minimalHostPath = '/dist/minimal-host'): string =>
  findPowerShell({ environment, minimalHostPath, isExecutable: (file) => programs.includes(file) });

test.each([
  ['what RUNSPACED_PWSH names', { RUNSPACED_PWSH: '/opt/pwsh/pwsh', PATH: '/usr/bin' }, '/opt/pwsh/pwsh'],
  [
    'a name of RUNSPACED_PWSH on the PATH',
    { RUNSPACED_PWSH: 'pwsh-preview', PATH: '/bin:/usr/bin' },
    '/usr/bin/pwsh-preview',
  ],
  ['the bundled host', { RUNSPACED_PWSH: 'minimal', PATH: '/usr/bin' }, '/dist/minimal-host'],
  ['pwsh on the PATH', { PATH: '/bin::/usr/bin' }, '/usr/bin/pwsh'],
  [
    'pwsh on the PATH when RUNSPACED_PWSH is empty',
    { RUNSPACED_PWSH: '', PATH: '/usr/bin' },
    '/usr/bin/pwsh',
  ],
])('%s is found', (_, environment, program) => {
  expect(find(environment)).toBe(program);
});

test.each([
  ['no pwsh on the PATH', { PATH: '/bin' }, /no pwsh on PATH; install PowerShell/],
  ['no PATH at all', {}, /no pwsh on PATH/],
  [
    'a wrong RUNSPACED_PWSH',
    { RUNSPACED_PWSH: '/no/pwsh', PATH: '/usr/bin' },
    /RUNSPACED_PWSH names \/no\/pwsh/,
  ],
  [
    'a wrong name in RUNSPACED_PWSH',
    { RUNSPACED_PWSH: 'powersh', PATH: '/usr/bin' },
    /RUNSPACED_PWSH names powersh/,
  ],
])('%s is ENGINE_NOT_FOUND with the remedy', (_, environment, message) => {
  expect(() => find(environment)).toThrow(expect.objectContaining({ code: 'ENGINE_NOT_FOUND' }) as Error);
  expect(() => find(environment)).toThrow(message);
});

test('a minimal host that is not built says how to build it', () => {
  expect(() => find({ RUNSPACED_PWSH: 'minimal' }, '/nowhere')).toThrow(/install a .NET SDK .* `make build`/);
});
