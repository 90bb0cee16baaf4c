import configReadsEnvironment from './config-reads-environment.ts';
import databaseImports from './database-imports.ts';
import gcmAuthTagLength from './gcm-auth-tag-length.ts';
import noForgeVerify from './no-forge-verify.ts';
import noInterpolatedSql from './no-interpolated-sql.ts';
import noSwallowedError from './no-swallowed-error.ts';
import queryNeedsTx from './query-needs-tx.ts';
import timingSafeCompare from './timing-safe-compare.ts';

/** The project's own rules: what a reviewer would otherwise have to remember. Each has its refused and accepted samples in tests/lint. */
export default {
  meta: { name: 'wardkeep' },
  rules: {
    'config-reads-environment': configReadsEnvironment,
    'database-imports': databaseImports,
    'gcm-auth-tag-length': gcmAuthTagLength,
    'no-forge-verify': noForgeVerify,
    'no-interpolated-sql': noInterpolatedSql,
    'no-swallowed-error': noSwallowedError,
    'query-needs-tx': queryNeedsTx,
    'timing-safe-compare': timingSafeCompare,
  },
};
