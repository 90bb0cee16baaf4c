/**
 * What the catalog is allowed to hold beyond the general rules. A new schema, system table, door or function is one line here, read by whoever
 * reviews the change; whatever is not here is a finding.
 */
export type RuntimeRole = 'app' | 'jobs';

/** Schemas, and which run-time role may look inside. */
export const SCHEMAS: Readonly<Record<string, readonly RuntimeRole[]>> = {
  app: ['app', 'jobs'],
  sys: ['app', 'jobs'],
  sec: ['app', 'jobs'], // functions; its tables and sequences are granted to nobody
  graphile_worker: ['jobs'], // the queue, by its library (core/db/queue-schema.ts): ids of workspaces and rows, no PHI
  history: [],
  public: [],
};

/** Schemas whose every object is ours. (A library's own schema would be in SCHEMAS only.) */
export const OURS = ['app', 'sys', 'sec', 'history', 'public'] as const;

/** Tables of `sys`, and exactly what each run-time role may do there: `privilege` or `privilege(column)`. */
export const SYSTEM_TABLES: Readonly<Record<string, Readonly<Record<RuntimeRole, readonly string[]>>>> = {
  installation: { app: ['select'], jobs: ['select'] },
  secrets: { app: ['select'], jobs: ['select'] },
  signing_keys: { app: ['select'], jobs: ['select'] },
  key_events: { app: ['select'], jobs: ['select'] },
  workspaces: { app: [], jobs: ['select', 'insert', 'update'] },
  attempt_counters: { app: [], jobs: ['select', 'insert', 'update', 'delete'] },
  plugins: { app: ['select'], jobs: ['select'] },
};

/** Workspace tables of which the role that serves requests may change no more than this, in the same form (docs/tenancy.md, "The signed context"). */
export const APP_GRANTS: Readonly<Record<string, readonly string[]>> = {
  workspaces: ['select', 'insert', 'update(name)', 'update(time_zone)', 'update(settings)'],
  workspace_keys: ['select', 'insert', 'update(encryptions)', 'update(status)', 'update(activated_at)', 'update(emptied_at)', 'update(retired_at)'],
  entitlements: ['select'],
};

/** Everything the jobs role may do to workspace tables; to those of plugins, nothing. */
export const JOBS_GRANTS: Readonly<Record<string, readonly string[]>> = {
  workspaces: ['select', 'insert', 'update(suspended_at)'],
  workspace_keys: ['select', 'insert', 'update(wrapped)'],
  entitlements: ['select', 'insert'],
  one_time_links: ['select', 'insert', 'update(used_at)', 'delete'], // the first set-up
  audit_entries: ['select', 'insert'],
  audit_checkpoints: ['select', 'insert'],
  audit_tiles: ['select', 'insert'],
  audit_verifications: ['select', 'insert'],
  users: ['select', 'insert', 'update(time_zone)'], // sign-in looks for an e-mail; INSERT, UPDATE (which FOR SHARE asks for) and the tables below are for what the trust page tries and undoes (core/trust/trial.ts)
  passwords: ['select', 'insert', 'update'],
  sessions: ['select', 'insert', 'update(ended_at)', 'update(ended_reason)', 'delete'],
  service_accounts: ['select', 'insert', 'update(last_used_at)'],
  mfa_challenges: ['select', 'insert', 'delete'],
  totp_factors: ['select'],
  passkeys: ['select'],
  recovery_codes: ['select'],
  plugin_switches: ['select'],
};

/** What the system door opens across workspaces, for the jobs role alone. */
export const SYSTEM_DOORS: Readonly<Record<string, readonly ('all' | 'select' | 'insert' | 'update')[]>> = {
  'sys.workspaces': ['all'],
  'sys.attempt_counters': ['all'],
  'app.workspaces': ['select', 'insert', 'update'],
  'app.workspace_keys': ['select', 'insert', 'update'],
  'app.users': ['select'],
  'app.entitlements': ['insert'],
};

/** Functions that run with their owner's rights. */
export const SECURITY_DEFINERS = ['sec.enter(text)', 'sec.workspace()', 'sec.is_system()', 'sec.enqueue(text,jsonb,timestamp with time zone,text,uuid)', 'sec.rotate_audit_key(integer,text,jsonb,jsonb)', 'sec.rewrap_secret(text,integer,text,text)', 'sec.require_entry_voucher()', 'sec.require_voucher()'] as const;
/** Functions of ours that a run-time role may call. */
export const EXECUTABLE = [...SECURITY_DEFINERS, 'sec.require_audit_entry()'] as const;

/** Tables whose rows never change and never go. */
export const APPEND_ONLY = ['app.audit_entries', 'app.audit_checkpoints', 'app.audit_tiles', 'app.audit_verifications'] as const;

/** Workspace tables that may change without an audit entry, and why. */
export const WITHOUT_AUDIT_TRIGGER: Readonly<Record<string, string>> = {
  'app.audit_entries': 'it is the audit',
  'app.audit_checkpoints': 'made from the audit',
  'app.audit_tiles': 'made from the audit',
  'app.audit_verifications': 'made from the audit',
  'app.mfa_challenges': 'five minutes between two steps of one sign-in, which is recorded',
  'app.passkey_challenges': 'one ceremony of a sign-in, which is recorded',
  'app.contact_name_tags': 'follows contacts by trigger',
  'app.import_batches': 'progress; what an import makes is recorded where it is made',
  'app.import_outcomes': 'progress',
  'app.import_sources': 'the upload, recorded as such',
  'app.idempotency_keys': 'the repeated answer of an act that is recorded',
  'app.plugin_parked_jobs': 'work of acts that are recorded, waiting for its plugin',
};

/** Columns of the others that may be updated without one, and why. */
export const UNAUDITED_COLUMNS: Readonly<Record<string, string>> = {
  'app.passwords.failed_in_row': 'a refused password is counted, and its own entry says so',
  'app.service_accounts.last_used_at': 'no act',
  'app.sessions.last_seen_at': 'no act',
  'app.totp_factors.last_step': 'follows a sign-in, which is recorded',
  'app.totp_factors.failed_in_row': 'a refused code is counted, and its own entry says so',
  'app.workspace_keys.encryptions': 'counting encryptions is not an act',
};

/** Triggers beside leaves_audit_entry. */
export const TRIGGERS = ['app.contacts:keep_name_tags', 'app.audit_entries:written_by_the_program', 'app.audit_checkpoints:written_by_the_program', 'app.audit_tiles:written_by_the_program'] as const;

/** Extensions that bring no reading or writing of their own. */
export const EXTENSIONS = ['plpgsql', 'btree_gist'] as const;
export const LANGUAGES = ['internal', 'c', 'sql', 'plpgsql'] as const;

/** Functions PostgreSQL gives to everybody, withdrawn here: what each would let an injected statement do stands in docs/tenancy.md. */
export const WITHDRAWN_FUNCTIONS = ['pg_prepared_statement', 'pg_lock_status', 'pg_terminate_backend', 'pg_cancel_backend'] as const;

/** Settings a run-time role may carry (ALTER ROLE … SET, which a role may do to itself): limits, nothing that changes meaning. */
export const ROLE_SETTINGS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout', 'work_mem', 'track_activities'] as const;

/** Server settings by name, and the values that keep statements and their parameters out of the log and out of other sessions' sight. */
export const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  log_statement: ['none'],
  log_min_duration_statement: ['-1'],
  log_min_duration_sample: ['-1'],
  log_transaction_sample_rate: ['0'],
  log_parameter_max_length: ['0'],
  log_parameter_max_length_on_error: ['0'],
  log_min_error_statement: ['panic'],
  log_error_verbosity: ['terse'],
  log_min_messages: ['info', 'notice', 'warning', 'error', 'log', 'fatal', 'panic'],
  debug_print_parse: ['off'],
  debug_print_rewritten: ['off'],
  debug_print_plan: ['off'],
  track_activities: ['off'],
  row_security: ['on'],
  standard_conforming_strings: ['on'],
  session_replication_role: ['origin'],
  'auto_explain.log_min_duration': ['-1'],
  'pgaudit.log_parameter': ['off'],
  'pgaudit.log': ['none'],
};

/** pg_catalog first and pg_temp last, so that nothing can be put in front of what the program means. */
export const SEARCH_PATH = 'pg_catalog, app, pg_temp';
