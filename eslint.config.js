import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import wardkeep from './scripts/lint/plugin.ts';

const CODE = ['core/**/*.ts', 'plugins/**/*.ts', 'migrations/**/*.ts'];

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'coverage/', '.wardkeep/', '.tap/', '**/*.min.js', 'core/http/public/**'] },
  tseslint.configs.recommended,
  {
    plugins: { wardkeep },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'wardkeep/gcm-auth-tag-length': 'error',
      'wardkeep/no-forge-verify': 'error',
      'wardkeep/query-needs-tx': 'error',
      'wardkeep/no-interpolated-sql': 'error',
      'wardkeep/no-swallowed-error': 'error',
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Predictable: use node:crypto, or core/demo/random.ts for made-up data.' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-fallthrough': 'error',
      'no-unsafe-finally': 'error',
      '@typescript-eslint/no-unused-vars': 'off', // the compiler finds them
    },
  },
  {
    files: CODE,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'wardkeep/timing-safe-compare': 'error',
      'wardkeep/config-reads-environment': 'error',
      'wardkeep/database-imports': 'error',
      'no-console': 'error',
      // A promise nobody waits for is a write whose failure nobody sees.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  // Entry hashes, roots and checkpoints are published: comparing them tells nothing.
  { files: ['core/audit/**'], rules: { 'wardkeep/timing-safe-compare': ['error', { public: ['hash', 'digest'] }] } },
  { files: ['core/db/**'], rules: { 'wardkeep/database-imports': 'off' } },
  // Their SQL is put together from the catalog rules and the PHI registry, both of them source text.
  { files: ['core/db/coverage/**', 'core/keys/**'], rules: { 'wardkeep/no-interpolated-sql': 'off' } },
  // The packed program unpacks itself before there is a configuration.
  { files: ['core/packed/launch.ts'], rules: { 'wardkeep/config-reads-environment': 'off' } },
  { files: ['core/config.ts'], rules: { 'wardkeep/config-reads-environment': 'off' } },
  { files: ['core/main.ts', 'core/commands/**'], rules: { 'no-console': 'off' } },
);
