import type { Json } from '../../typescript';
import { renderList } from './table';

/** All that an object says, one fact a line; what is empty is left out. */
export function renderJson(json: Json): string {
  return renderList(factsOf(json, ''));
}

function factsOf(json: Json, name: string): readonly (readonly [string, string])[] {
  if (json === null || json === '' || json === false) return [];
  if (Array.isArray(json))
    return json.flatMap((item: Json, index) => factsOf(item, `${name}[${String(index)}]`));
  if (typeof json === 'object') {
    return Object.entries(json).flatMap(([key, value]) =>
      factsOf(value, name === '' ? key : `${name}.${key}`),
    );
  }
  return [[name, String(json)]];
}
