import { ReceivePipelineResponse } from '../gen/runspace/keeper/v1/keeper';
import { Gap_Reason, type Gap as ProtoGap } from '../gen/runspace/v1/record';
import type { Gap, GapReason } from '../journal/item';
import { singleField } from './wire';

/** One message of a stream of records: a batch goes as the journal has it, undecoded. */
export type ReceiveMessage =
  | { readonly is: 'batch'; readonly bytes: Uint8Array }
  | { readonly is: 'event'; readonly event: NonNullable<ReceivePipelineResponse['event']> };

/** Number of ReceivePipelineResponse.batch, the same in runspace.v1. */
const batchField = 2;

/** The message on the wire. */
export function serializeReceive(message: ReceiveMessage): Buffer {
  switch (message.is) {
    case 'batch':
      return singleField(batchField, message.bytes);
    case 'event':
      return Buffer.from(ReceivePipelineResponse.encode({ event: message.event }).finish());
  }
}

/** A gap as it is sent. */
export function gapToProto({ from, to, reason }: Gap): ProtoGap {
  return { from, to, reason: reasons[reason] };
}

const reasons: Readonly<Record<GapReason, Gap_Reason>> = {
  dropped: Gap_Reason.REASON_DROPPED,
  stopped: Gap_Reason.REASON_STOPPED,
  expired: Gap_Reason.REASON_EXPIRED,
  damaged: Gap_Reason.REASON_DAMAGED,
};
