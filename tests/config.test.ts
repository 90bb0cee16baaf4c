import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { withRootKeys } from '../core/boot.ts';
import { ConfigError, readConfig, redactConfig } from '../core/config.ts';

const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readConfig('production', env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

t.test('every fault is named at once, and no value is quoted', async (t) => {
  const secret = 'hunter2 secret';
  const faults = faultsOf({
    WARDKEEP_DATABASE_APP_URL: secret, WARDKEEP_DATABASE_OWNER_URL: secret, WARDKEEP_ROOT_KEYS: secret, WARDKEEP_SMTP_URL: secret, WARDKEEP_LOG_LEVEL: secret, WARDKEEP_PORT: secret, WARDKEEP_HOST: secret,
    WARDKEEP_URL: secret, WARDKEEP_TRUST_PROXY: secret, WARDKEEP_TYPO: secret, WARDKEEP_TLS_KEY_FILE: '/k',
  });
  for (const name of ['DATABASE_APP_URL', 'DATABASE_OWNER_URL', 'ROOT_KEYS', 'SMTP_URL', 'LOG_LEVEL', 'PORT', 'HOST', 'URL', 'TRUST_PROXY', 'TYPO', 'TLS_KEY_FILE', 'DATABASE_JOBS_URL']) {
    t.ok(faults.some((text) => text.includes(`WARDKEEP_${name}`)), name);
  }
  t.notMatch(faults.join('\n'), /hunter2/);
});

t.test('a secret comes by value or by file, not by both', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'url');
  await writeFile(file, 'smtps://mx.example.org\n');
  t.equal(readConfig('production', { WARDKEEP_SMTP_URL_FILE: file }).smtp?.url, 'smtps://mx.example.org');
  t.match(faultsOf({ WARDKEEP_SMTP_URL_FILE: file, WARDKEEP_SMTP_URL: 'x' }).join(), /both set/);
  t.match(faultsOf({ WARDKEEP_SMTP_URL_FILE: join(folder, 'none') }), ['WARDKEEP_SMTP_URL_FILE cannot be read']);
});

t.test('root keys in a file are held to what is asked of root.key', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'key');
  const key = `root:${Buffer.alloc(32, 7).toString('base64')}`;
  const opened = () => withRootKeys(readConfig('production', { WARDKEEP_DATA_DIR: folder, WARDKEEP_ROOT_KEYS_FILE: file }));
  await t.rejects(opened(), { name: 'RootKeyFileError', message: /cannot be read/ });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  t.match((await opened()).rootKeys, [{ id: 'root', bytes: Buffer.alloc(32, 7) }]);
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(file, mode);
    await t.rejects(opened(), { name: 'RootKeyFileError', message: /chmod 600/ }, mode.toString(8));
  }
  await chmod(file, 0o600);
  await writeFile(file, `${key},${key}`);
  await t.rejects(opened(), { message: /two keys of one id/ });
  t.match(faultsOf({ WARDKEEP_ROOT_KEYS: `${key},${key}` }), ['WARDKEEP_ROOT_KEYS holds two keys of one id']);
  t.match(faultsOf({ WARDKEEP_ROOT_KEYS_FILE: file, WARDKEEP_ROOT_KEYS: key }).join(), /both set/);
});

t.test('the origin follows host and port unless it is given', async (t) => {
  t.equal(readConfig('production', { WARDKEEP_HOST: '::1' }).origin, 'https://[::1]:8443');
  t.equal(readConfig('production', { WARDKEEP_HOST: '10.0.0.7', WARDKEEP_PORT: '443' }).origin, 'https://10.0.0.7');
  t.equal(readConfig('production', { WARDKEEP_URL: 'https://records.example.org/' }).origin, 'https://records.example.org');
});

t.test('what doctor prints holds no secret', async (t) => {
  const shown = JSON.stringify(redactConfig(readConfig('production', {
    WARDKEEP_ROOT_KEYS: `root:${Buffer.alloc(32, 7).toString('base64')}`, WARDKEEP_DATABASE_APP_URL: 'postgres://app:hunter2@db/wardkeep', WARDKEEP_DATABASE_JOBS_URL: 'postgres://jobs:hunter3@db/wardkeep',
    WARDKEEP_SMTP_URL: 'smtps://mail:hunter4@mx.example.org',
  })));
  t.match(shown, 'mx.example.org');
  t.notMatch(shown, /hunter|BwcHBw/);
});
