import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipelineTransitions } from '../../src/core/pipeline-state';
import { sessionTransitions } from '../../src/core/session-state';

type Table = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

/** The table as the lines of a Mermaid state diagram. */
function diagramOf(table: Table): string {
  const lines = Object.entries(table).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `    ${from} --> ${to ?? ''}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n');
}

const document = readFileSync(join(__dirname, '..', '..', 'docs', 'states.md'), 'utf8');

test.each([
  ['sessions', sessionTransitions],
  ['pipelines', pipelineTransitions],
])('the diagram of %s in docs/states.md is drawn from the table', (_name, table) => {
  expect(document).toContain(diagramOf(table));
});
