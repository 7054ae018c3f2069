/**
 * What a console lets one write and V8 does not take as it is: `import` statements, `import()` (which V8 refuses to the inspector's
 * scripts), an object literal standing alone. And the scope of its own that a command may ask for.
 * A script that the parser does not understand goes to V8 unchanged: V8 knows best, and its message names the mistake.
 */
import { parse, type ImportDeclaration, type Node, type Options, type Program } from 'acorn';

/** The global function that stands for `import()`. */
export const importName = '$import';

const options: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowHashBang: true,
};

/** The text to evaluate. `name` is what stack traces call it. */
export function prepareScript(
  script: string,
  { newScope, name }: { newScope: boolean; name: string },
): string {
  return `${newScope ? scoped(script) : unscoped(script)}\n//# sourceURL=${name}`;
}

function unscoped(script: string): string {
  if (isObjectLiteral(script)) return `(${withImports(script)})`;
  return withImports(script);
}

/** A block of its own does for `let`; where there is more to declare, a function. */
function scoped(script: string): string {
  const text = unscoped(script);
  const program = parsed(text);
  if (program === undefined || !declaresInFunction(program)) return `{${text}\n}`;
  const last = program.body.at(-1);
  if (last?.type !== 'ExpressionStatement') return `await (async () => {${text}\n})()`;
  const { start, end } = last.expression;
  return `await (async () => {${text.slice(0, last.start)}return (${text.slice(start, end)}\n)})()`;
}

function isObjectLiteral(script: string): boolean {
  return /^\s*\{/.test(script) && !/;\s*$/.test(script) && parsed(`(${script})`) !== undefined;
}

function withImports(script: string): string {
  if (!/\bimport\b/.test(script)) return script;
  // An object literal is no program of its own; in brackets it is one, and one character further on.
  const program = parsed(script);
  const edits = program === undefined ? editsOf(parsed(`(${script})`), 1) : editsOf(program, 0);
  let text = script;
  for (const { start, end, replacement } of edits.reverse())
    text = text.slice(0, start) + replacement + text.slice(end);
  return text;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

function editsOf(program: Program | undefined, offset: number): Edit[] {
  if (program === undefined) return [];
  const edits: Edit[] = [];
  visit(program, (node) => {
    const start = node.start - offset;
    if (node.type === 'ImportExpression')
      edits.push({ start, end: start + 'import'.length, replacement: importName });
    if (isImportDeclaration(node))
      edits.push({ start, end: node.end - offset, replacement: toDeclaration(node) });
  });
  return edits.sort((one, other) => one.start - other.start);
}

/** `import a, { b as c } from 'm'` becomes `const {default: a, b: c} = await $import("m");`. */
function toDeclaration({ source, specifiers, attributes }: ImportDeclaration): string {
  const given = attributes.map(({ key, value }) => [
    key.type === 'Identifier' ? key.name : key.value,
    value.value,
  ]);
  const second =
    given.length === 0 ? '' : `, ${JSON.stringify({ with: Object.fromEntries(given) as unknown })}`;
  const loaded = `await ${importName}(${JSON.stringify(source.value)}${second})`;
  const namespace = specifiers.find(({ type }) => type === 'ImportNamespaceSpecifier');
  const names = specifiers.flatMap((specifier) => {
    if (specifier.type === 'ImportNamespaceSpecifier') return [];
    if (specifier.type === 'ImportDefaultSpecifier') return [`default: ${specifier.local.name}`];
    const { imported, local } = specifier;
    const name = imported.type === 'Identifier' ? imported.name : JSON.stringify(imported.value);
    return [`${name}: ${local.name}`];
  });
  if (namespace !== undefined && names.length > 0)
    return `const ${namespace.local.name} = ${loaded}, {${names.join(', ')}} = ${namespace.local.name};`;
  if (namespace !== undefined) return `const ${namespace.local.name} = ${loaded};`;
  return names.length > 0 ? `const {${names.join(', ')}} = ${loaded};` : `${loaded};`;
}

/** Whether it declares what a block does not keep to itself. */
function declaresInFunction(program: Program): boolean {
  let declares = false;
  visit(program, (node) => {
    if (node.type === 'FunctionDeclaration') declares = true;
    if (node.type === 'VariableDeclaration' && 'kind' in node && node.kind === 'var') declares = true;
  });
  return declares;
}

function parsed(script: string): Program | undefined {
  try {
    return parse(script, options);
  } catch {
    // V8 will say what is wrong.
    return undefined;
  }
}

/** All nodes, parents first. The stack is our own: scripts may be nested deeper than the machine's. */
function visit(root: Node, action: (node: Node) => void): void {
  const nodes: Node[] = [root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    action(node);
    for (const child of Object.values(node).flat()) if (isNode(child)) nodes.push(child);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function isImportDeclaration(node: Node): node is ImportDeclaration {
  return node.type === 'ImportDeclaration';
}
