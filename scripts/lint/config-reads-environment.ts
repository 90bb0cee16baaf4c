import { ESLintUtils } from '@typescript-eslint/utils';

/** core/config.ts is the only reader of the environment: faults are found at start, all at once, and nothing has a hidden switch. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { refused: 'Only core/config.ts reads process.env: add a setting there.' } },
  defaultOptions: [],
  create: (context) => ({
    'MemberExpression[object.name="process"]:matches([property.name="env"], [property.value="env"]), MemberExpression[object.property.name="process"][property.name="env"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
    ':matches(VariableDeclarator[init.name="process"], AssignmentPattern[right.name="process"], AssignmentExpression[right.name="process"]) > ObjectPattern > Property[key.name="env"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
    // Under another name it could be read unseen; `process` is there without an import.
    'ImportDeclaration[source.value=/^(node:)?process$/]'(node) {
      context.report({ node, messageId: 'refused' });
    },
    'VariableDeclarator[id.type="Identifier"][init.name="process"]'(node) {
      context.report({ node, messageId: 'refused' });
    },
  }),
});
