import { nodeCodec } from '../../src/engine/powershell/node-codec';
import type { ProtocolVersion } from '../../src/psrp/capability';
import { scriptPipeline } from '../../src/psrp/create-pipeline';
import type { ClientEvent } from '../../src/psrp/events';
import type { Pipeline } from '../../src/psrp/pipeline';
import { RunspacePool } from '../../src/psrp/runspace-pool';
import type { ServerEvent } from '../../src/psrp/server-events';
import { ServerPool } from '../../src/psrp/server-pool';
import type { Transcript } from './transcripts';

const limit = 16 * 1024 * 1024;

/** The pipelines of a recorded conversation in their order, and which of them its client stopped. */
function pipelinesOf(transcript: Transcript): { id: string; isStopped: boolean }[] {
  const sent = (name: string): string[] =>
    transcript.lines.flatMap(({ from, text }) => {
      const id =
        from === 'client' && text.startsWith(`<${name} `) ? /PSGuid='([^']*)'/.exec(text)?.[1] : undefined;
      return id === undefined ? [] : [id];
    });
  const stopped = sent('Signal');
  return sent('Command').map((id) => ({ id, isStopped: stopped.includes(id) }));
}

/** A client half that does what the recorded client did; gets the server's bytes in the given chunks. */
export function replayToClient(transcript: Transcript, chunks: readonly Uint8Array[]): ClientEvent[] {
  const pool = new RunspacePool({
    codec: nodeCodec,
    id: '11111111-2222-3333-4444-555555555555',
    offeredVersion: transcript.facts.version.client as ProtocolVersion,
    maximumObjectSize: limit,
    minRunspaces: 1,
    maxRunspaces: 1,
    host: { is: 'none' },
    applicationArguments: [],
  });
  const events: ClientEvent[] = [];
  const waiting = pipelinesOf(transcript);
  const open = new Map<string, { pipeline: Pipeline; isStopped: boolean }>();
  const goOn = (): void => {
    const next = waiting.shift();
    if (next === undefined) pool.close();
    else
      open.set(next.id, {
        ...next,
        pipeline: pool.createPipeline(next.id, scriptPipeline({ script: '1' }, nodeCodec)),
      });
  };
  pool.open();
  for (const chunk of chunks) {
    pool.receiveData(chunk);
    for (let event = pool.nextEvent(); event !== undefined; event = pool.nextEvent()) {
      events.push(event);
      if (event.type === 'poolState' && event.state === 'opened') goOn();
      if (event.type === 'pipelineClosed') goOn();
      if (event.type === 'record' && open.get(event.pipelineId)?.isStopped === true)
        open.get(event.pipelineId)?.pipeline.stop();
    }
  }
  return events;
}

/** A server half that opens, and ends each pipeline when it is to; gets the client's bytes in the given chunks. */
export function replayToServer(chunks: readonly Uint8Array[]): ServerEvent[] {
  const pool = new ServerPool({ codec: nodeCodec, maximumObjectSize: limit });
  const events: ServerEvent[] = [];
  for (const chunk of chunks) {
    pool.receiveData(chunk);
    for (let event = pool.nextEvent(); event !== undefined; event = pool.nextEvent()) {
      events.push(event);
      if (event.type === 'poolOpening') pool.accept();
      if (event.type === 'closeRequested') pool.finish(event.pipelineId, { state: 'stopped' });
    }
  }
  return events;
}
