import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName, followConst, literalText } from './syntax.ts';

/**
 * Node accepts GCM tags of 4 bytes when a decipher was made without `authTagLength`: forging then takes 2^32 tries at the most.
 * NIST SP 800-38D §5.2.1.2 and appendix C; nodejs/node DEP0182.
 */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [],
    messages: { missing: 'AES-GCM needs { authTagLength: 16 } as its fourth argument: without it Node accepts tags of four bytes.' },
  },
  defaultOptions: [],
  create: (context) => ({
    CallExpression(node) {
      const name = calledName(node);
      if (name !== 'createCipheriv' && name !== 'createDecipheriv') return;
      const [first] = node.arguments;
      const algorithm = first ? literalText(followConst(context.sourceCode, first)) : null;
      // A name that is not written here may be GCM: then the length is asked for as well.
      if (algorithm !== null && !/-(gcm|ccm|ocb)$|poly1305$/i.test(algorithm)) return;
      if (!hasFullTag(node.arguments[3], (value) => followConst(context.sourceCode, value))) context.report({ node, messageId: 'missing' });
    },
  }),
});

function hasFullTag(options: TSESTree.Node | undefined, follow: (node: TSESTree.Node) => TSESTree.Node): boolean {
  return options?.type === 'ObjectExpression' && options.properties.some((property) => {
    if (property.type !== 'Property' || property.key.type !== 'Identifier' || property.key.name !== 'authTagLength') return false;
    const value = follow(property.value);
    return value.type === 'Literal' && value.value === 16;
  });
}
