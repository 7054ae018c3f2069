const resourceUri = 'http://schemas.microsoft.com/powershell/';

/** The configuration's name in a name or a resource URI (`http://schemas.microsoft.com/powershell/NAME`). */
function nameIn(reference: string): string {
  const isUri = reference.toLowerCase().startsWith(resourceUri);
  return isUri ? reference.slice(resourceUri.length).replace(/\/$/, '') : reference;
}

/** What tells configurations apart: names are the same in upper and lower case. */
export function keyOf(name: string): string {
  return name.toLowerCase();
}

/** Whether the text can name a configuration: letters, digits, `.`, `-`, `_`, at most 64, not with a dot first. */
export function isConfigurationName(text: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(text);
}

/** The name of the configuration that comes with an engine: PowerShell's own name for its default one, else the engine's. */
export function defaultNameOf(engine: string): string {
  return engine.toLowerCase() === 'powershell' ? 'Microsoft.PowerShell' : engine.toLowerCase();
}

/** The name by which a configuration is looked up: an engine's name stands for its default configuration. */
export function lookedUp(reference: string): string {
  const name = nameIn(reference);
  return keyOf(name) === 'powershell' ? defaultNameOf('powershell') : name;
}
