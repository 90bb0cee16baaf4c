import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName, lastName } from './syntax.ts';

/** How many arguments come before the transaction. */
const BEFORE_TX: Readonly<Record<string, number>> = { query: 0, $query: 0, relatedQuery: 1, $relatedQuery: 1, fetchGraph: 2, $fetchGraph: 1 };

/** Design invariant 1: a query without a Tx would run outside any workspace. The Model throws at run time; this says so before. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { unbound: '{{name}}() needs the Tx: only the door to a workspace makes one.' } },
  defaultOptions: [],
  create: (context) => ({
    CallExpression(node) {
      const name = calledName(node) ?? '';
      const before = Object.hasOwn(BEFORE_TX, name) ? BEFORE_TX[name] : undefined;
      if (before === undefined || node.callee.type !== 'MemberExpression') return;
      const needsModel = !name.startsWith('$');
      if (needsModel && !isModel(node.callee.object)) return;
      const tx = node.arguments[before];
      const isNothing = !tx || (tx.type === 'Literal' && tx.value === null) || (tx.type === 'Identifier' && tx.name === 'undefined') || tx.type === 'UnaryExpression';
      if (isNothing) context.report({ node, messageId: 'unbound', data: { name } });
    },
  }),
});

function isModel(node: TSESTree.Node): boolean {
  return node.type === 'ThisExpression' || node.type === 'Super' || (node.type !== 'CallExpression' && /^[A-Z]/.test(lastName(node) ?? ''));
}
