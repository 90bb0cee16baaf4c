import type { TSESLint, TSESTree } from '@typescript-eslint/utils';

/** The name a callee is known by: `f` in `f()`, `m` in `a.b.m()`; null for anything computed. */
export function calledName(node: TSESTree.CallExpression): string | null {
  return lastName(node.callee);
}

/** The last name of an expression: `x` in `x`, `a.x`, `a?.x`, `x!`, `x as T`, `x()`; null when it has none. */
export function lastName(node: TSESTree.Node): string | null {
  switch (node.type) {
    case 'Identifier': return node.name;
    case 'PrivateIdentifier': return node.name;
    case 'MemberExpression': return node.computed ? literalText(node.property) : lastName(node.property);
    case 'ChainExpression': case 'TSNonNullExpression': case 'TSAsExpression': return lastName(node.expression);
    case 'AwaitExpression': return lastName(node.argument);
    case 'CallExpression': return calledName(node);
    default: return null;
  }
}

/** What a chain starts with: `forge` in `forge.pki.x()`, `X` in `new X().y()`. */
export function rootOf(node: TSESTree.Node): TSESTree.Node {
  if (node.type === 'MemberExpression') return rootOf(node.object);
  return node.type === 'CallExpression' || node.type === 'NewExpression' ? rootOf(node.callee) : node;
}

export function literalText(node: TSESTree.Node | undefined): string | null {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? null) : null;
}

/** What a `const` of this file was given: follows an identifier to its initialiser, anything else stays itself. */
export function followConst(sourceCode: Readonly<TSESLint.SourceCode>, node: TSESTree.Node): TSESTree.Node {
  if (node.type !== 'Identifier') return node;
  for (let scope: TSESLint.Scope.Scope | null = sourceCode.getScope(node); scope; scope = scope.upper) {
    const definition = scope.set.get(node.name)?.defs[0];
    if (!definition) continue;
    const isConst = definition.type === 'Variable' && definition.parent.kind === 'const' && definition.node.id.type === 'Identifier';
    return (isConst && definition.node.init) || node;
  }
  return node;
}

/** The module that a call loads: `require('x')`, `createRequire(…)('x')`, by a `const` of either as well; null for any other call. */
export function requiredModule(sourceCode: Readonly<TSESLint.SourceCode>, node: TSESTree.CallExpression): string | null {
  const callee = followConst(sourceCode, node.callee);
  const isRequire = (callee.type === 'Identifier' && callee.name === 'require') || (callee.type === 'CallExpression' && calledName(callee) === 'createRequire');
  return isRequire ? literalText(node.arguments[0]) : null;
}
