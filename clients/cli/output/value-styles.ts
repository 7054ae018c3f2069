import type { RunspaceClient, ValueStyle } from '../../typescript';

/** How the values of a session are written: its engine decides, and the daemon is asked once for each. */
export function valueStyles(client: RunspaceClient): (sessionId: string) => Promise<ValueStyle> {
  const styles = new Map<string, Promise<ValueStyle>>();
  return (id) => {
    const style = styles.get(id) ?? styleOf(client, id);
    styles.set(id, style);
    return style;
  };
}

async function styleOf(client: RunspaceClient, sessionId: string): Promise<ValueStyle> {
  try {
    const { info } = await client.sessions.get(sessionId, { timeoutMs: 5_000 });
    return info.engine === 'powershell' ? 'powershell' : 'script';
  } catch {
    return 'powershell'; // The session was removed meanwhile; its records are still to be shown.
  }
}
