import type { ErrorStreamRecord } from '../../core/record';
import type { DoneReport } from './message';
import type { ReceivedMessage } from './report';
import { fromWire } from './wire-value';

/** An interpreter's word of something thrown, as a record. */
export function toErrorRecord(message: ReceivedMessage): ErrorStreamRecord {
  return {
    stream: 'error',
    message: message.text('message'),
    exceptionType: message.text('type'),
    fullyQualifiedErrorId: message.text('errorId'),
    category: message.text('category'),
    scriptStackTrace: message.text('stack'),
    value: fromWire(message.field('value')),
  };
}

/** An interpreter's word that a command is over. */
export function toDoneReport(message: ReceivedMessage): DoneReport {
  return {
    is: 'done',
    run: message.integer('run'),
    state: message.oneOf('state', ['completed', 'failed', 'stopped']),
    ...(message.has('exitCode') ? { exitCode: message.integer('exitCode') } : {}),
    ...(message.has('reason') ? { reason: message.text('reason') } : {}),
    marked: message.integers('marked'),
  };
}
