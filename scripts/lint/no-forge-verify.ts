import { ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import { calledName, followConst, literalText, requiredModule, rootOf } from './syntax.ts';

const VERIFIERS = new Set(['verify', 'verifyCertificateChain', 'verifyCertificate', 'verifySignature']);

/**
 * node-forge makes certificates here; it does not judge them. Its chain check let signers without the CA bit pass and its RSA
 * verification accepted forged padding (CVE-2022-24771, CVE-2025-12816 and kin); CMS signatures it cannot check at all.
 * Foreign input is verified with node:crypto.
 */
export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [],
    messages: { refused: 'Do not verify with node-forge: use node:crypto (X509Certificate, verify).' },
  },
  defaultOptions: [],
  create(context) {
    let usesForge = false;
    const others = new Set<string>();
    const calls: TSESTree.CallExpression[] = []; // judged at the end: a library that is loaded late may stand behind them
    return {
      ImportDeclaration(node) {
        if (isForge(node.source.value)) usesForge ||= node.importKind !== 'type';
        else for (const specifier of node.specifiers) others.add(specifier.local.name);
      },
      ImportExpression(node) {
        usesForge ||= isForge(literalText(node.source));
      },
      CallExpression(node) {
        usesForge ||= isForge(requiredModule(context.sourceCode, node));
        if (VERIFIERS.has(calledName(node) ?? '')) calls.push(node);
      },
      'Program:exit'() {
        for (const node of usesForge ? calls : []) {
          // Anything in a file that uses forge may be one of its objects, unless it visibly comes from elsewhere.
          const root = rootOf(followConst(context.sourceCode, rootOf(node.callee)));
          if (root.type !== 'Identifier' || !others.has(root.name)) context.report({ node, messageId: 'refused' });
        }
      },
    };
  },
});

const isForge = (module: string | null): boolean => module !== null && /^node-forge(\/|$)/.test(module);
