import type { Transporter } from 'nodemailer';
import type { Delivery, Envelope } from './mail.ts';

export type SmtpSettings = {
  /**
   * `smtps://` speaks TLS from the first byte, `smtp://` must upgrade by STARTTLS before anything is said (RFC 8314, RFC 3207);
   * `?tls=off` after it is the only way to send in the clear, meant for a relay on the same host.
   */
  url: string;
  /** PEM of the authority that signed the server's certificate, if it is not a public one. */
  ca?: string;
};

/** The server did not take the mail. The cause holds its own words, which must not be shown: they may quote the recipient. */
export class MailError extends Error {
  /** nodemailer's code (EAUTH, ECONNECTION, ETIMEDOUT, ETLS, EENVELOPE, EMESSAGE …) or EUNKNOWN. */
  readonly code: string;

  constructor(cause: unknown) {
    super('The mail server did not accept the mail', { cause });
    this.name = 'MailError';
    const { code } = cause as { code?: unknown };
    this.code = typeof code === 'string' ? code : 'EUNKNOWN';
  }
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;

/** @throws TypeError when the URL holds anything but scheme, credentials, host, port and `tls=off`. */
export function smtpDelivery(settings: SmtpSettings): Delivery {
  const server = serverOf(settings.url);
  const connect = async (): Promise<Transporter> => (await import('nodemailer')).createTransport({ // loaded with the first mail
    ...server,
    pool: true,
    maxConnections: 2,
    maxMessages: 100,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    tls: { minVersion: 'TLSv1.2', ...(settings.ca === undefined ? {} : { ca: settings.ca }) },
    // No template names a file or an address to fetch, and none may ever start to.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let transport: Promise<Transporter> | undefined;
  return {
    async deliver(envelope: Envelope) {
      transport ??= connect();
      try {
        await (await transport).sendMail({ ...envelope, headers: { 'Auto-Submitted': 'auto-generated' } });
      } catch (cause) {
        throw new MailError(cause);
      }
    },
    async close() {
      (await transport)?.close();
    },
  };
}

/**
 * Read here rather than by nodemailer, whose URL may switch off certificate checks (`?tls.rejectUnauthorized=false`).
 */
function serverOf(text: string) {
  const url = URL.parse(text);
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '') throw new TypeError('The SMTP URL must be smtp://host:port or smtps://host:port');
  const isImplicit = url.protocol === 'smtps:';
  const query = [...url.searchParams].map((pair) => pair.join('='));
  const isPlain = query.length === 1 && query[0] === 'tls=off' && !isImplicit;
  if (query.length > 0 && !isPlain) throw new TypeError('The SMTP URL takes no option but tls=off, and that only with smtp://');
  if (isPlain && url.username !== '') throw new TypeError('The SMTP URL holds a password but tls=off would send it in the clear');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    secure: isImplicit,
    requireTLS: !isImplicit && !isPlain,
    ignoreTLS: isPlain,
    ...(url.username === '' ? {} : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
  };
}
