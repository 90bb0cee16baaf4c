import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName, lastName } from './syntax.ts';

const SECRETS = new Set(['mac', 'hmac', 'digest', 'signature', 'sig', 'token', 'secret', 'hash', 'password', 'passphrase', 'otp', 'totp', 'csrf']);
const ENCODINGS = new Set(['hex', 'base64', 'base64url', 'b64', 'bytes', 'buffer', 'text', 'value', 'string']);
const EQUALITY = new Set(['===', '!==', '==', '!=']);

/**
 * An early-exit comparison tells by its time how many leading bytes were right (CWE-208, ASVS 5.0 11.2.4). Where values are public (a
 * Merkle root, a file's checksum), name the word in the option `public` for those files, or say so beside an eslint-disable comment.
 */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [{ type: 'object', properties: { public: { type: 'array', items: { type: 'string' } } }, additionalProperties: false }],
    messages: { unsafe: '{{name}} sounds like a secret or a MAC: compare it with crypto.timingSafeEqual.' },
  },
  defaultOptions: [{ public: [] as string[] }],
  create(context, [options]) {
    const words = SECRETS.difference(new Set(options.public));
    const check = (node: TSESTree.Node, sides: readonly (TSESTree.Node | undefined)[]): void => {
      if (sides.some((side) => side === undefined || isHarmless(side))) return;
      const name = sides.map((side) => (side ? lastName(side) : null)).find((each) => each !== null && isSecretName(each, words));
      if (name) context.report({ node, messageId: 'unsafe', data: { name } });
    };
    return {
      BinaryExpression(node) {
        if (EQUALITY.has(node.operator)) check(node, [node.left, node.right]);
      },
      CallExpression(node) {
        const called = calledName(node);
        if (called !== 'equals' && called !== 'compare') return;
        const object = node.callee.type === 'MemberExpression' ? node.callee.object : undefined;
        if (node.arguments.length === 1) check(node, [object, node.arguments[0]]);
        // With two arguments only Buffer.compare is meant: bcrypt.compare and its like are the right way.
        else if (object?.type === 'Identifier' && object.name === 'Buffer') check(node, node.arguments.slice(0, 2));
      },
    };
  },
});

/** What holds nothing to guess: a value written in the source, null, undefined, a type's name. */
function isHarmless(node: TSESTree.Node): boolean {
  if (node.type === 'Literal' || node.type === 'UnaryExpression') return true;
  return node.type === 'TemplateLiteral' ? node.expressions.length === 0 : node.type === 'Identifier' && node.name === 'undefined';
}

/** By the last word that says what it is: `storedTokenHash`, `macHex`, `client_secret`; not `tokenId`, `hashLength`. */
function isSecretName(name: string, secrets: ReadonlySet<string>): boolean {
  if (/^[A-Z0-9_]+$/.test(name)) return false; // a constant of the source, such as HASH_BYTES
  const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|_/).map((word) => word.toLowerCase());
  while (words.length > 1 && ENCODINGS.has(words.at(-1) ?? '')) words.pop();
  return secrets.has(words.at(-1) ?? '');
}
