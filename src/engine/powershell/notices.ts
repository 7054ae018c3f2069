import type { StreamRecord } from '../../core/record';
import type { Value } from '../../core/value';

/** An event of PowerShell's own that was forwarded. */
export function engineEvent(value: Value): StreamRecord {
  return { stream: 'information', value, message: 'engine event', tags: ['event'] };
}

/** Something wrote past the protocol to the engine's standard output. */
export function noise(text: string): StreamRecord {
  return { stream: 'warning', message: `written to the engine's standard output: ${text}` };
}
