import type { Problem } from '../core/error';
import type {
  ErrorStreamRecord,
  FinalRecord,
  HostCallRecord,
  InformationStreamRecord,
  ProgressStreamRecord,
  StreamRecord,
} from '../core/record';
import type { Value } from '../core/value';
import {
  FinalState,
  RecordBatch,
  type ErrorRecord as ProtoErrorRecord,
  type FinalRecord as ProtoFinalRecord,
  type HostCall as ProtoHostCall,
  type InformationRecord as ProtoInformationRecord,
  type ProgressRecord as ProtoProgressRecord,
  type Record as ProtoRecord,
} from '../gen/runspace/v1/record';
import type { Value as ProtoValue } from '../gen/runspace/v1/value';
import { toProblem } from '../status/problem';
import type { EndedPipeline } from './pipeline-log';
import type { Secrets } from './secrets';
import { valueToProto } from './value-to-proto';

/** What a record says, without its number and time. */
export type RecordBody = NonNullable<ProtoRecord['body']>;

/** A record of an engine as it is journalled and sent. */
export function recordBody(record: StreamRecord, secrets: Secrets): RecordBody {
  switch (record.stream) {
    case 'output': {
      const value = valueToProto(record.value, secrets);
      const displayed = record.displayed === true;
      return { $case: 'output', value: { value, tag: record.tag ?? '', text: '', displayed } };
    }
    case 'display':
      return { $case: 'display', value: { text: record.text } };
    case 'error':
      return { $case: 'error', value: errorToProto(record, secrets) };
    case 'warning':
    case 'verbose':
    case 'debug': {
      const invocation = optionalValue(record.invocation, secrets);
      return { $case: record.stream, value: { message: record.message, invocation } };
    }
    case 'information':
      return { $case: 'information', value: informationToProto(record, secrets) };
    case 'progress':
      return { $case: 'progress', value: progressToProto(record) };
    case 'hostCall':
      return { $case: 'hostCall', value: hostCallToProto(record, secrets) };
    case 'final':
      return { $case: 'final', value: finalToProto(record) };
  }
}

/** A host call as records and listings show it. */
export function hostCallToProto(record: HostCallRecord, secrets: Secrets): ProtoHostCall {
  const { callId, method, needsResponse } = record;
  const parameters = record.parameters.map((parameter) => valueToProto(parameter, secrets));
  return { callId, method, parameters, needsResponse };
}

function errorToProto(record: ErrorStreamRecord, secrets: Secrets): ProtoErrorRecord {
  return {
    message: record.message,
    exceptionType: record.exceptionType ?? '',
    fullyQualifiedErrorId: record.fullyQualifiedErrorId ?? '',
    category: record.category ?? '',
    categoryMessage: record.categoryMessage ?? '',
    scriptStackTrace: record.scriptStackTrace ?? '',
    recommendedAction: record.recommendedAction ?? '',
    targetObject: optionalValue(record.targetObject, secrets),
    value: optionalValue(record.value, secrets),
  };
}

function informationToProto(record: InformationStreamRecord, secrets: Secrets): ProtoInformationRecord {
  return {
    value: valueToProto(record.value, secrets),
    message: record.message,
    tags: [...record.tags],
    source: record.source ?? '',
    host:
      record.host === undefined
        ? undefined
        : {
            foreground: record.host.foreground,
            background: record.host.background,
            noNewLine: record.host.noNewLine,
          },
  };
}

function progressToProto(record: ProgressStreamRecord): ProtoProgressRecord {
  return {
    activity: record.activity,
    activityId: record.activityId,
    parentActivityId: record.parentActivityId,
    statusDescription: record.statusDescription,
    currentOperation: record.currentOperation,
    percentComplete: record.percentComplete,
    secondsRemaining: record.secondsRemaining,
    completed: record.completed,
  };
}

const finalStates: Readonly<Record<FinalRecord['state'], FinalState>> = {
  completed: FinalState.FINAL_STATE_COMPLETED,
  failed: FinalState.FINAL_STATE_FAILED,
  stopped: FinalState.FINAL_STATE_STOPPED,
};

/** The final record of a pipeline, as a batch of its own, from what is written down of its end. */
export function finalBatch(
  sequence: bigint,
  { endedAt, state, problem, exitCode }: EndedPipeline,
): Uint8Array {
  const value = finalToProto({ state, reason: problem, exitCode });
  const record: ProtoRecord = { sequence, time: new Date(endedAt), body: { $case: 'final', value } };
  return RecordBatch.encode({ records: [record] }).finish();
}

function finalToProto({ state, reason, exitCode }: Ending): ProtoFinalRecord {
  return {
    state: finalStates[state],
    problem: reason === undefined ? undefined : toProblem(reason),
    exitCode,
  };
}

/** How a pipeline ended, in a record or written down. */
interface Ending {
  readonly state: FinalRecord['state'];
  readonly reason?: Problem | undefined;
  readonly exitCode?: number | undefined;
}

function optionalValue(value: Value | undefined, secrets: Secrets): ProtoValue | undefined {
  return value === undefined ? undefined : valueToProto(value, secrets);
}
