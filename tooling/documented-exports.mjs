/** Lint rule: what a file exports says in a doc comment what it means. */
export const documentedExports = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'say in a doc comment what `{{name}}` means: units, defaults, errors' },
  },
  create(context) {
    const documented = new Set();
    return {
      'Program > ExportNamedDeclaration[declaration]'(node) {
        const names = namesOf(node.declaration);
        if (hasDocComment(context.sourceCode, node)) names.forEach((name) => documented.add(name));
        // An overload is documented by the first of its signatures.
        const missing = names.filter((name) => !documented.has(name));
        for (const name of missing) context.report({ node, messageId: 'missing', data: { name } });
      },
    };
  },
};

function namesOf(declaration) {
  const declared = declaration.declarations ?? [declaration];
  return declared.map(({ id }) => (id?.type === 'Identifier' ? id.name : 'this export'));
}

function hasDocComment(sourceCode, node) {
  const comment = sourceCode.getCommentsBefore(node).at(-1);
  return comment?.type === 'Block' && comment.value.startsWith('*');
}
