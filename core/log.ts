/**
 * JSON lines to stderr. A line is a static message and allow-listed fields that hold ids, codes, counts and durations: never a value a
 * person typed, a header, a URL or another system's error text (design invariant 10). An unknown field does not compile.
 */
export type LogFields = {
  requestId?: string | undefined;
  workspaceId?: string | undefined;
  actorId?: string | undefined;
  actorKind?: string | undefined;
  route?: string | undefined;
  method?: string | undefined;
  status?: number | undefined;
  ms?: number | undefined;
  code?: string | undefined;
  job?: string | undefined;
  jobId?: string | undefined;
  count?: number | undefined;
  port?: number | undefined;
  version?: string | undefined;
  table?: string | undefined;
  keyId?: string | undefined;
  claim?: string | undefined;
  plugin?: string | undefined;
  err?: unknown;
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type Log = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: LogFields) => void>>;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** An error's name, code and stack frames. The message is left out: drivers quote row values in theirs. */
function describeError(err: unknown): { name: string; code?: string; at: string[] } {
  if (!(err instanceof Error)) return { name: typeof err, at: [] };
  // The message heads the stack, and its own lines may look like frames.
  const frames = (err.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).map((line) => line.trim()).filter((line) => !err.message.includes(line)).slice(0, 12);
  const { code: own, nativeError } = err as { code?: unknown; nativeError?: { code?: unknown } }; // Objection wraps the driver's error
  const known = own ?? nativeError?.code;
  const code = typeof known === 'string' && /^[\w.]{1,64}$/.test(known) ? { code: known } : {};
  return { name: err.name, ...code, at: frames };
}

export function createLog(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const threshold = LEVELS.indexOf(level);
  const at = (name: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (LEVELS.indexOf(name) < threshold) return;
    const { err, ...rest } = fields;
    write(`${JSON.stringify({ time: new Date().toISOString(), level: name, message, ...rest, ...(err === undefined ? {} : { err: describeError(err) }) })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
