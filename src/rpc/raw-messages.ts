import type { ServiceDefinition } from '@grpc/grpc-js';
import {
  InvokePipelineRequest,
  InvokePipelineResponse,
  PipelineServiceService,
  ReceivePipelineResponse,
} from '../gen/runspace/v1/pipeline';

/** A message of a stream of records that the keeper has encoded: it is forwarded as it is. */
export interface Encoded {
  readonly encoded: Uint8Array;
}

/** A request of an InvokePipeline stream with its size on the wire. */
export type SizedInvokeRequest = InvokePipelineRequest & { readonly size: number };

/**
 * PipelineService with two methods whose messages may be encoded already. The keeper encodes a batch once, and its
 * messages are the same on the wire; nothing is decoded and encoded again here.
 */
export const rawPipelineService: ServiceDefinition = {
  ...PipelineServiceService,
  receivePipeline: {
    ...PipelineServiceService.receivePipeline,
    responseSerialize: (message: Encoded | ReceivePipelineResponse) =>
      'encoded' in message
        ? bufferOf(message.encoded)
        : bufferOf(ReceivePipelineResponse.encode(message).finish()),
  },
  invokePipeline: {
    ...PipelineServiceService.invokePipeline,
    requestDeserialize: (bytes: Buffer): SizedInvokeRequest => ({
      ...InvokePipelineRequest.decode(bytes),
      size: bytes.length,
    }),
    responseSerialize: (message: Encoded | InvokePipelineResponse) =>
      'encoded' in message
        ? bufferOf(message.encoded)
        : bufferOf(InvokePipelineResponse.encode(message).finish()),
  },
};

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
