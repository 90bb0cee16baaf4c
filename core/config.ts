import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import Joi from 'joi';

/**
 * The only reader of the environment. Every fault is listed at once; secrets have no default and come as `NAME` or `NAME_FILE`.
 */
export type RootKey = { readonly id: string; readonly bytes: Buffer };
/** Requests a minute; null: no limit. */
export type RateLimits = { readonly signedIn: number | null; readonly anonymous: number | null };
export type Publisher = { readonly name: string; readonly publicKey: Buffer };

export type Config = {
  /** `production` refuses to run without root keys; `demo` makes its own in the data folder and shows mail on a page. */
  readonly mode: 'production' | 'demo';
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Public origin, e.g. https://records.example.org: what links, cookies, WebAuthn and the Origin check refer to. */
  readonly origin: string;
  /** All three or none; none means the bundled PostgreSQL in `dataDir`. */
  readonly database: { readonly ownerUrl: string | null; readonly appUrl: string; readonly jobsUrl: string } | null;
  /** First is current, the others open what they once wrapped. */
  readonly rootKeys: readonly RootKey[];
  /** Where they are instead, if the environment named a file: read by core/crypto/root-key-file.ts, which looks at its mode too. */
  readonly rootKeysFile: string | null;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly smtp: { readonly url: string; readonly from: string } | null;
  /** k-anonymity range service (Have I Been Pwned protocol); null turns the online check off, the offline list remains. */
  readonly breachRangeUrl: string | null;
  /** Operators' plugins, one folder each, and who may have signed them: name and raw Ed25519 public key. */
  readonly pluginDir: string | null;
  readonly pluginPublishers: readonly Publisher[];
  /** `host` or `host:port` that plugins may call although it lies in a private network. */
  readonly outboundAllowed: readonly string[];
  /** Where the nightly backups go, and how many stay; null: none are made by the clock. */
  readonly backups: { readonly dir: string; readonly keep: number } | null;
  readonly trustProxy: boolean;
  /** How often one session or service account, and one address without either, may ask this process. */
  readonly rateLimits: RateLimits;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
};

/** Configuration that cannot run: every fault in one error. Exit code 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map((f) => `  - ${f}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Two weeks. */
const BACKUPS_KEPT = 14;

const SECRETS = ['WARDKEEP_ROOT_KEYS', 'WARDKEEP_DATABASE_OWNER_URL', 'WARDKEEP_DATABASE_APP_URL', 'WARDKEEP_DATABASE_JOBS_URL', 'WARDKEEP_SMTP_URL'] as const;

const perMinute = Joi.number().integer().min(60).max(10_000_000).allow('off');
const postgresUrl = Joi.string().uri({ scheme: ['postgres', 'postgresql'] });
const schema = Joi.object({
  WARDKEEP_DATA_DIR: Joi.string().default('.wardkeep'),
  WARDKEEP_PROGRAM_DIR: Joi.string(), // the packed program's alone (core/packed/program-folder.ts), which has read it by now
  WARDKEEP_HOST: Joi.string().hostname().default('localhost'),
  WARDKEEP_PORT: Joi.number().port().default(8443),
  WARDKEEP_URL: Joi.string().uri({ scheme: ['https'] }),
  WARDKEEP_DATABASE_OWNER_URL: postgresUrl,
  WARDKEEP_DATABASE_APP_URL: postgresUrl,
  WARDKEEP_DATABASE_JOBS_URL: postgresUrl,
  WARDKEEP_ROOT_KEYS: Joi.string().pattern(/^[a-z0-9-]{1,32}:[A-Za-z0-9+/_-]{43}=?(,[a-z0-9-]{1,32}:[A-Za-z0-9+/_-]{43}=?)*$/, 'id:base64 of 32 bytes, comma separated'),
  WARDKEEP_TLS_CERT_FILE: Joi.string(),
  WARDKEEP_TLS_KEY_FILE: Joi.string(),
  WARDKEEP_SMTP_URL: Joi.string().uri({ scheme: ['smtp', 'smtps'] }),
  WARDKEEP_MAIL_FROM: Joi.string().default('Wardkeep <no-reply@localhost>'),
  WARDKEEP_BREACH_RANGE_URL: Joi.string().uri({ scheme: ['https'] }).allow('off').default('https://api.pwnedpasswords.com/range/'),
  WARDKEEP_PLUGIN_DIR: Joi.string(),
  WARDKEEP_PLUGIN_PUBLISHERS: Joi.string().pattern(/^[a-z0-9-]{1,32}:[A-Za-z0-9+/]{43}=(,[a-z0-9-]{1,32}:[A-Za-z0-9+/]{43}=)*$/, 'name:base64 of an Ed25519 public key, comma separated'),
  WARDKEEP_OUTBOUND_ALLOWED: Joi.string().pattern(/^[A-Za-z0-9.:[\]-]+(,[A-Za-z0-9.:[\]-]+)*$/, 'hosts, each with a port or without, comma separated').default(''),
  WARDKEEP_BACKUP_DIR: Joi.string(),
  WARDKEEP_BACKUP_KEEP: Joi.number().integer().min(1).max(10_000),
  WARDKEEP_TRUST_PROXY: Joi.boolean().default(false),
  WARDKEEP_RATE_SIGNED_IN: perMinute.default(3_000),
  WARDKEEP_RATE_ANONYMOUS: perMinute.default(6_000),
  WARDKEEP_LOG_LEVEL: Joi.string().valid('debug', 'info', 'warn', 'error', 'silent').default('info'),
})
  .and('WARDKEEP_DATABASE_APP_URL', 'WARDKEEP_DATABASE_JOBS_URL')
  .with('WARDKEEP_DATABASE_OWNER_URL', 'WARDKEEP_DATABASE_APP_URL')
  .with('WARDKEEP_PLUGIN_DIR', 'WARDKEEP_PLUGIN_PUBLISHERS')
  .with('WARDKEEP_BACKUP_KEEP', 'WARDKEEP_BACKUP_DIR')
  .without('WARDKEEP_BACKUP_DIR', 'WARDKEEP_DATABASE_APP_URL')
  .and('WARDKEEP_TLS_CERT_FILE', 'WARDKEEP_TLS_KEY_FILE');

/**
 * Reads and checks the environment.
 * @throws ConfigError with every fault; values are never quoted, since some are secrets.
 */
export function readConfig(mode: Config['mode'], env: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const given: Record<string, string> = {};
  let rootKeysFile: string | null = null;
  for (const [name, value] of Object.entries(env)) if (name.startsWith('WARDKEEP_') && value !== undefined && value !== '' && !name.startsWith('WARDKEEP_TEST_')) given[name] = value;
  for (const name of SECRETS) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    delete given[`${name}_FILE`];
    if (given[name] !== undefined) faults.push(`${name} and ${name}_FILE are both set; keep one`);
    if (name === 'WARDKEEP_ROOT_KEYS') {
      rootKeysFile = resolve(file);
      continue;
    }
    try {
      given[name] = readFileSync(file, 'utf8').trim();
    } catch {
      faults.push(`${name}_FILE cannot be read`);
    }
  }
  const { value, error } = schema.validate(given, { abortEarly: false, convert: true });
  for (const detail of error?.details ?? []) faults.push(explain(detail));
  const rootKeys = parseRootKeys(given['WARDKEEP_ROOT_KEYS']);
  if (new Set(rootKeys.map(({ id }) => id)).size !== rootKeys.length) faults.push('WARDKEEP_ROOT_KEYS holds two keys of one id');
  if (faults.length > 0) throw new ConfigError(faults);

  const host: string = value.WARDKEEP_HOST;
  const port: number = value.WARDKEEP_PORT;
  return {
    mode,
    dataDir: resolve(value.WARDKEEP_DATA_DIR),
    host,
    port,
    origin: new URL(value.WARDKEEP_URL ?? `https://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin,
    database: value.WARDKEEP_DATABASE_APP_URL
      ? { ownerUrl: value.WARDKEEP_DATABASE_OWNER_URL ?? null, appUrl: value.WARDKEEP_DATABASE_APP_URL, jobsUrl: value.WARDKEEP_DATABASE_JOBS_URL }
      : null,
    rootKeys,
    rootKeysFile,
    tls: value.WARDKEEP_TLS_CERT_FILE ? { certFile: value.WARDKEEP_TLS_CERT_FILE, keyFile: value.WARDKEEP_TLS_KEY_FILE } : null,
    smtp: value.WARDKEEP_SMTP_URL ? { url: value.WARDKEEP_SMTP_URL, from: value.WARDKEEP_MAIL_FROM } : null,
    breachRangeUrl: value.WARDKEEP_BREACH_RANGE_URL === 'off' ? null : value.WARDKEEP_BREACH_RANGE_URL,
    pluginDir: value.WARDKEEP_PLUGIN_DIR === undefined ? null : resolve(value.WARDKEEP_PLUGIN_DIR),
    pluginPublishers: parseRootKeys(value.WARDKEEP_PLUGIN_PUBLISHERS).map(({ id, bytes }) => ({ name: id, publicKey: bytes })),
    outboundAllowed: value.WARDKEEP_OUTBOUND_ALLOWED.split(',').filter(Boolean),
    backups: value.WARDKEEP_BACKUP_DIR === undefined ? null : { dir: resolve(value.WARDKEEP_BACKUP_DIR), keep: value.WARDKEEP_BACKUP_KEEP ?? BACKUPS_KEPT },
    trustProxy: value.WARDKEEP_TRUST_PROXY,
    rateLimits: { signedIn: offIsNull(value.WARDKEEP_RATE_SIGNED_IN), anonymous: offIsNull(value.WARDKEEP_RATE_ANONYMOUS) },
    logLevel: value.WARDKEEP_LOG_LEVEL,
  };
}

/** `id:base64,id:base64` as in WARDKEEP_ROOT_KEYS; each key is 32 bytes. */
export function parseRootKeys(text: string | undefined): RootKey[] {
  return (text ?? '').split(',').filter(Boolean).map((pair) => {
    const [id = '', encoded = ''] = pair.split(':');
    return { id, bytes: Buffer.from(encoded, 'base64') };
  });
}

function offIsNull(limit: number | 'off'): number | null {
  return limit === 'off' ? null : limit;
}

function explain(detail: Joi.ValidationErrorItem): string {
  const name = String(detail.path[0] ?? detail.context?.['present'] ?? 'the environment');
  switch (detail.type) {
    case 'object.unknown': return `${name} is not a setting of Wardkeep`;
    case 'object.and': return `${detail.context?.['presentWithLabels']} needs ${detail.context?.['missingWithLabels']} beside it`;
    case 'object.without': return `${detail.context?.['mainWithLabel']} is for the bundled PostgreSQL: one of your own, named by ${detail.context?.['peerWithLabel']}, is backed up by its own means`;
    case 'object.with': return `${detail.context?.['mainWithLabel']} needs ${detail.context?.['peerWithLabel']} beside it`;
    case 'string.pattern.name': return `${name} must be ${detail.context?.['name']}`;
    default: return `${name} ${detail.message.replace(/^"[^"]*"\s*/, '').replace(/(with value) ".*"/, '$1 given')}`;
  }
}

/** The configuration for a person's eyes: secrets by their presence, URLs without credentials. */
export function redactConfig(config: Config): Record<string, string> {
  const place = (url: string) => {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  };
  return {
    mode: config.mode, dataDir: config.dataDir, listen: `${config.host}:${config.port}`, origin: config.origin,
    database: config.database === null ? 'bundled PostgreSQL' : place(config.database.appUrl), rootKeys: config.rootKeys.map(({ id }) => id).join(', ') || 'none',
    tls: config.tls?.certFile ?? 'local authority', smtp: config.smtp === null ? 'none' : place(config.smtp.url), breachCheck: config.breachRangeUrl ?? 'offline list only',
    plugins: config.pluginDir ?? 'none of your own', pluginPublishers: config.pluginPublishers.map(({ name }) => name).join(', ') || 'none', outboundAllowed: config.outboundAllowed.join(', ') || 'none',
    backups: config.backups === null ? 'none by the clock' : `${config.backups.dir}, the newest ${config.backups.keep}`, trustProxy: String(config.trustProxy), requestsPerMinute: `signed in ${config.rateLimits.signedIn ?? 'unlimited'}, anonymous ${config.rateLimits.anonymous ?? 'unlimited'}`, logLevel: config.logLevel,
  };
}
