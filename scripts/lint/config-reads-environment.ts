import { ESLintUtils } from '@typescript-eslint/utils';

/** core/config.ts is the only reader of the environment: faults are found at start, all at once, and nothing has a hidden switch. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { refused: 'Only core/config.ts reads process.env: add a setting there.' } },
  defaultOptions: [],
  create: (context) => ({
    'MemberExpression[object.name="process"][property.name="env"], MemberExpression[object.name="process"][property.value="env"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
    'VariableDeclarator[init.name="process"] > ObjectPattern > Property[key.name="env"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
    'ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name="env"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
  }),
});
