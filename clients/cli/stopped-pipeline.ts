import { RunspaceError, type PipelineInfo, type StopPipelineResponse } from '../typescript';

/** The command after its stop. Throws STOP_UNANSWERED when the engine did not react. */
export function stoppedPipeline({ pipeline, problem }: StopPipelineResponse): PipelineInfo {
  if (problem !== undefined) {
    const { reason, message, metadata } = problem;
    throw new RunspaceError(reason, `${message}; --force ends the engine, and the session with it`, {
      grpcCode: 'DEADLINE_EXCEEDED',
      metadata,
    });
  }
  if (pipeline !== undefined) return pipeline;
  throw new RunspaceError('PROTOCOL_ERROR', 'the daemon did not say what it stopped', {
    grpcCode: 'INTERNAL',
  });
}
