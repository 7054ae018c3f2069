// Builds the bundled minimal host into dist/minimal-host/, when its sources are newer than what is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.resolve(here, '../../../../dist/minimal-host');
const program = path.join(output, 'minimal-host');

if (!isUpToDate()) build();

function isUpToDate() {
  if (!existsSync(program)) return false;
  const built = statSync(program).mtimeMs;
  const sources = readdirSync(here).filter((name) => /\.(cs|csproj|mjs)$/.test(name));
  return sources.every((name) => statSync(path.join(here, name)).mtimeMs <= built);
}

function build() {
  const dotnet = findDotnet();
  const built = spawnSync(
    dotnet,
    ['build', 'minimal-host.csproj', '--configuration', 'Release', '--output', output].concat([
      '--nologo',
      '--verbosity',
      'quiet',
      '--disable-build-servers',
    ]),
    {
      cwd: here,
      encoding: 'utf8',
      env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
    },
  );
  if (built.status !== 0) fail(`dotnet build failed:\n${built.stdout}${built.stderr}`);
  linkRuntime(dotnet);
  utimesSync(program, new Date(), new Date());
}

/** Where the program looks for .NET first: the one that built it. */
function linkRuntime(dotnet) {
  const link = path.join(output, 'dotnet');
  rmSync(link, { force: true });
  symlinkSync(path.dirname(realpathSync(dotnet)), link);
}

function findDotnet() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  if (process.env.DOTNET_ROOT) folders.unshift(process.env.DOTNET_ROOT);
  const dotnet = folders.map((folder) => path.join(folder, 'dotnet')).find((file) => existsSync(file));
  const sdks = dotnet && spawnSync(dotnet, ['--list-sdks'], { encoding: 'utf8' }).stdout;
  if (!sdks?.trim())
    fail('the minimal host needs a .NET SDK (10 or later): https://dotnet.microsoft.com/download');
  return dotnet;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
