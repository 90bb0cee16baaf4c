import { ESLintUtils } from '@typescript-eslint/utils';
import { calledName, followConst, rootOf } from './syntax.ts';

const VERIFIERS = new Set(['verify', 'verifyCertificateChain', 'verifyCertificate', 'verifySignature']);

/**
 * node-forge makes certificates here; it does not judge them. Its chain check let signers without the CA bit pass and its RSA
 * verification accepted forged padding (CVE-2022-24771, CVE-2025-12816 and kin); CMS signatures it cannot check at all.
 * Foreign input is verified with node:crypto or PKI.js. Exceptions are listed by file in eslint.config.js.
 */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [],
    messages: { refused: 'Do not verify with node-forge: use node:crypto (X509Certificate, verify) or PKI.js.' },
  },
  defaultOptions: [],
  create(context) {
    let usesForge = false;
    const others = new Set<string>();
    return {
      ImportDeclaration(node) {
        if (/^node-forge(\/|$)/.test(node.source.value)) usesForge ||= node.importKind !== 'type';
        else for (const specifier of node.specifiers) others.add(specifier.local.name);
      },
      CallExpression(node) {
        if (!usesForge || !VERIFIERS.has(calledName(node) ?? '')) return;
        // Anything in a file that uses forge may be one of its objects, unless it visibly comes from elsewhere.
        const root = rootOf(followConst(context.sourceCode, rootOf(node.callee)));
        if (root.type !== 'Identifier' || !others.has(root.name)) context.report({ node, messageId: 'refused' });
      },
    };
  },
});
