import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName, followConst, lastName } from './syntax.ts';

const SQL_CALL = /^(raw|\w+Raw|query)$/;
const QUOTERS = new Set(['quoteName', 'escapeLiteral', 'escapeIdentifier']);

/** Values travel as bindings, never as text (CWE-89). Quoted names and UPPER_CASE constants of the source may be set in. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { interpolated: '{{name}}() gets SQL with a value set into it: use bindings (?, $1), or quoteName for a name.' } },
  defaultOptions: [],
  create: (context) => ({
    CallExpression(node) {
      const isFixed = fixedness((part) => followConst(context.sourceCode, part));
      const name = calledName(node) ?? '';
      const [sql] = node.arguments;
      if (SQL_CALL.test(name) && sql && !isFixed(sql)) context.report({ node: sql, messageId: 'interpolated', data: { name } });
    },
  }),
});

/** Only what is visibly built from values is refused; what a variable holds is followed no further than its `const`. */
function fixedness(follow: (node: TSESTree.Node) => TSESTree.Node): (sql: TSESTree.Node) => boolean {
  const isFixed = (sql: TSESTree.Node): boolean => {
    if (isConstant(sql)) return true;
    const node = follow(sql);
    switch (node.type) {
      case 'TemplateLiteral': return node.expressions.every(isSafePart);
      case 'BinaryExpression': return node.operator !== '+' || [node.left, node.right].every(isSafePart);
      case 'ConditionalExpression': return isFixed(node.consequent) && isFixed(node.alternate);
      case 'TSAsExpression': case 'TSNonNullExpression': return isFixed(node.expression);
      case 'ObjectExpression': return node.properties.every((property) => property.type !== 'Property' || lastName(property.key) !== 'text' || isFixed(property.value));
      case 'CallExpression': return isFixedCall(node);
      default: return true;
    }
  };
  /** Of `[…].join()`, `….concat()`, `….trim()` and their like: as safe as what they begin with and are given. */
  const isFixedCall = (call: TSESTree.CallExpression): boolean => {
    if (call.callee.type !== 'MemberExpression') return true;
    const { object } = call.callee;
    if (object.type === 'ArrayExpression') return object.elements.every((element) => element !== null && isSafePart(element));
    return isFixed(object) && (calledName(call) !== 'concat' || call.arguments.every(isSafePart));
  };
  const isSafePart = (node: TSESTree.Node): boolean => {
    if (node.type === 'TemplateLiteral' || node.type === 'BinaryExpression') return isFixed(node);
    if (node.type === 'ConditionalExpression') return isSafePart(node.consequent) && isSafePart(node.alternate);
    if (node.type === 'Literal' || isConstant(node)) return true;
    const value = follow(node);
    return value.type === 'CallExpression' && (QUOTERS.has(calledName(value) ?? '') || isSafeList(value));
  };
  /** `NAMES.join(', ')` is, and `names.map((name) => …).join(', ')` is as safe as what the arrow gives. */
  const isSafeList = (call: TSESTree.CallExpression): boolean => {
    if (calledName(call) !== 'join' || call.callee.type !== 'MemberExpression') return false;
    const list = call.callee.object;
    if (isConstant(list)) return true;
    if (list.type !== 'CallExpression' || calledName(list) !== 'map') return false;
    const [arrow] = list.arguments;
    if (arrow?.type === 'Identifier') return QUOTERS.has(arrow.name);
    return arrow?.type === 'ArrowFunctionExpression' && arrow.body.type !== 'BlockStatement' && isSafePart(arrow.body);
  };
  return isFixed;
}

/** A constant of the source, by its name: `COLUMNS`, `expected.COLUMNS`. */
function isConstant(node: TSESTree.Node): boolean {
  return (node.type === 'Identifier' || node.type === 'MemberExpression') && /^[A-Z][A-Z0-9_]*$/.test(lastName(node) ?? '');
}
