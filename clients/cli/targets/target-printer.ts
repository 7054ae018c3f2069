import type { RunspaceClient, SessionRecord } from '../../typescript';
import type { Context } from '../context';
import { recordPrinter, type RecordPrinter } from '../output/records';
import { valueStyles } from '../output/value-styles';
import { GatherPrinter } from './gather-printer';

/** Shows what several targets write, as the line asks for it: as it comes, or the same output once (--gather, --diff). */
export async function targetPrinter(
  context: Context,
  client: RunspaceClient,
  names: { readonly nameOf: (record: SessionRecord) => string; readonly isHidden: boolean },
): Promise<RecordPrinter> {
  const { nameOf, isHidden } = names;
  const spec = { terminal: context.terminal, style: valueStyles(client) };
  const live = recordPrinter(await context.recordFormat('table'), {
    ...spec,
    ...(isHidden ? {} : { nameOf }),
  });
  const isGathered = context.has('gather') || context.has('diff');
  return inTurns(
    isGathered ? new GatherPrinter({ ...spec, live, nameOf, onlyDifferent: context.has('diff') }) : live,
  );
}

/** Batches of several targets come at once, and are shown one after the other. */
function inTurns(printer: RecordPrinter): RecordPrinter {
  let last: Promise<void> = Promise.resolve();
  return {
    show: (batch) => {
      last = last.then(() => printer.show(batch));
      return last;
    },
    finish: () => last.then(() => printer.finish()),
  };
}
