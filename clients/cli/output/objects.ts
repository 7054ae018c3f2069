import type { Json } from '../../typescript';
import type { Context } from '../context';
import type { OutputFormat } from '../flags';
import { renderTable, type Column } from './table';

/** How objects of one kind are shown. */
export interface View<One> {
  readonly columns: readonly (Column & { readonly of: (one: One) => string })[];
  readonly name: (one: One) => string;
  readonly json: (one: One) => Json;
}

/** The objects in a form. A list of any length is a list in JSON and YAML too. */
export async function renderMany<One>(
  objects: readonly One[],
  view: View<One>,
  format: OutputFormat,
): Promise<string> {
  switch (format) {
    case 'table':
      return renderTable(
        view.columns,
        objects.map((one) => view.columns.map((column) => column.of(one))),
      );
    case 'name':
      return objects.map((one) => `${view.name(one)}\n`).join('');
    case 'ndjson':
      return objects.map((one) => `${JSON.stringify(view.json(one))}\n`).join('');
    case 'json':
      return `${JSON.stringify(objects.map(view.json), undefined, 2)}\n`;
    case 'yaml':
      return toYaml(objects.map(view.json));
  }
}

/** One object in a form: no list around it in JSON and YAML. */
export async function renderOne<One>(one: One, view: View<One>, format: OutputFormat): Promise<string> {
  switch (format) {
    case 'table':
    case 'name':
    case 'ndjson':
      return renderMany([one], view, format);
    case 'json':
      return `${JSON.stringify(view.json(one), undefined, 2)}\n`;
    case 'yaml':
      return toYaml(view.json(one));
  }
}

/** Prints objects in the form that the caller asked for, or in the command's own. */
export async function printMany<One>(
  context: Context,
  objects: readonly One[],
  { view, own }: { readonly view: View<One>; readonly own: OutputFormat },
): Promise<void> {
  await context.terminal.out(await renderMany(objects, view, await context.format(own)));
}

/** Prints one object in the form that the caller asked for, or in the command's own. */
export async function printOne<One>(
  context: Context,
  one: One,
  { view, own }: { readonly view: View<One>; readonly own: OutputFormat },
): Promise<void> {
  await context.terminal.out(await renderOne(one, view, await context.format(own)));
}

/** A document of YAML. */
export async function toYaml(json: Json): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(json);
}
