import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName } from './syntax.ts';

/** An error nobody hears of is a fault nobody finds. Where it truly may be dropped, a comment in its place says why. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { swallowed: 'This error vanishes: handle it, rethrow it, or say in a comment here why it may be dropped.' } },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;
    const report = (node: TSESTree.Node): void => {
      const { start, end } = node.loc;
      const isExplained = sourceCode.getAllComments().some((comment) => comment.loc.end.line >= start.line - 1 && comment.loc.start.line <= end.line);
      if (!isExplained) context.report({ node, messageId: 'swallowed' });
    };
    return {
      CatchClause(node) {
        if (node.body.body.length === 0) report(node);
      },
      CallExpression(node) {
        if (calledName(node) !== 'catch' || node.callee.type !== 'MemberExpression') return;
        // `kept.catch(() => undefined);` loses nothing: whoever awaits `kept` later still meets the error.
        if (node.callee.object.type === 'Identifier' && node.parent.type === 'ExpressionStatement') return;
        const [handler] = node.arguments;
        if ((handler?.type === 'ArrowFunctionExpression' || handler?.type === 'FunctionExpression') && isNothing(handler.body)) report(node);
      },
    };
  },
});

function isNothing(body: TSESTree.Node): boolean {
  if (body.type === 'BlockStatement') return body.body.length === 0;
  if (body.type === 'Literal') return body.value === null;
  return body.type === 'UnaryExpression' ? body.operator === 'void' : body.type === 'Identifier' && body.name === 'undefined';
}
