import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { importName } from './prepare-script';

type Load = (specifier: string, options?: ImportCallOptions) => Promise<unknown>;

/** Makes `require` and `import()` find files and packages from the current directory, wherever that is at the time. */
export function defineModuleLoading(load: Load): void {
  const requireNow = (id: string): unknown => requireHere()(id);
  const require = Object.defineProperties(requireNow, {
    resolve: { get: () => requireHere().resolve },
    cache: { get: () => requireHere().cache },
    main: { value: undefined },
  });
  define('require', require);
  define(importName, (specifier: unknown, options?: ImportCallOptions) =>
    importFrom(String(specifier), { load, options }),
  );
}

/** A global that user code may replace and a listing of globals does not show. */
export function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

let here = { folder: '', require: createRequire('/') };

function requireHere(): NodeJS.Require {
  const folder = process.cwd();
  if (here.folder !== folder) here = { folder, require: createRequire(path.join(folder, 'command.js')) };
  return here.require;
}

async function importFrom(
  specifier: string,
  { load, options }: { readonly load: Load; readonly options: ImportCallOptions | undefined },
): Promise<unknown> {
  if (/^\.{0,2}\//.test(specifier))
    return load(new URL(specifier, `${pathToFileURL(process.cwd()).href}/`).href, options);
  try {
    return await load(specifier, options);
  } catch (thrown) {
    const found = isNotFound(thrown) ? resolvedHere(specifier) : undefined;
    if (found === undefined) throw thrown;
    return load(found, options);
  }
}

/** Node looks for packages from where the process was started; this is for those found from where it is now. */
function resolvedHere(specifier: string): string | undefined {
  try {
    return pathToFileURL(requireHere().resolve(specifier)).href;
  } catch {
    // Then the first error is the better one.
    return undefined;
  }
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND';
}
