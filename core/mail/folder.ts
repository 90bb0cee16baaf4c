import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Delivery, Envelope } from './mail.ts';

/** One mail as `/demo/mail` shows it. `name` identifies it in `readMail`; `sentAt` is ISO 8601 UTC. */
export type StoredMail = { name: string; sentAt: string; to: string; subject: string };

const NAME = /^\d{8}T\d{9}Z-[0-9a-f]{8}\.eml$/;
const LISTED_MAX = 200;

/** The demo's post office: every mail becomes one .eml file (RFC 5322) that any mail program opens. */
export function folderDelivery(dir: string): Delivery {
  return {
    async deliver(envelope: Envelope) {
      const { createTransport } = await import('nodemailer'); // loaded with the first mail
      const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'windows', disableFileAccess: true, disableUrlAccess: true }).sendMail(envelope);
      const name = `${new Date().toISOString().replace(/[-:.]/g, '')}-${envelope.messageId.slice(1, 9)}.eml`;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      // Written aside and renamed, so that a reader never meets half a mail.
      await writeFile(join(dir, `${name}.part`), message as Buffer, { mode: 0o600 });
      await rename(join(dir, `${name}.part`), join(dir, name));
    },
    async close() {}, // nothing stays open
  };
}

/** The latest mails, newest first; none when nothing was ever sent. */
export async function listMail(dir: string): Promise<StoredMail[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const latest = names.filter((name) => NAME.test(name)).sort().reverse().slice(0, LISTED_MAX);
  return Promise.all(latest.map(async (name) => ({ name, sentAt: sentAt(name), ...headersOf(await readFile(join(dir, name), 'latin1')) })));
}

/**
 * One mail's raw bytes and its text part; null when there is none of that name (a name from a URL cannot leave the folder).
 */
export async function readMail(dir: string, name: string): Promise<(StoredMail & { text: string; raw: Buffer }) | null> {
  if (!NAME.test(name)) return null;
  let raw: Buffer;
  try {
    raw = await readFile(join(dir, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const source = raw.toString('latin1');
  return { name, sentAt: sentAt(name), ...headersOf(source), text: textPart(source), raw };
}

function sentAt(name: string): string {
  return name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z.*$/, '$1-$2-$3T$4:$5:$6.$7Z');
}

function headersOf(source: string): { to: string; subject: string } {
  const head = (source.split('\r\n\r\n', 1)[0] ?? '').replace(/\r\n[ \t]+/g, ' ');
  const field = (name: string): string => decodeWords(new RegExp(`^${name}: (.*)$`, 'mi').exec(head)?.[1] ?? '');
  return { to: field('To'), subject: field('Subject') };
}

/** Only what our own composer writes is read back: text/plain first, 7bit, quoted-printable or base64. */
function textPart(source: string): string {
  const [, head = '', body = ''] = /(Content-Type: text\/plain[^]*?)\r\n\r\n([^]*?)(?:\r\n--|$)/i.exec(source) ?? [];
  const encoding = /Content-Transfer-Encoding: (\S+)/i.exec(head)?.[1]?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  const bytes = encoding === 'quoted-printable' ? unquote(body.replace(/=\r\n/g, '')) : body;
  return Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\r\n', '\n');
}

/** RFC 2047 encoded words, in UTF-8. */
function decodeWords(text: string): string {
  return text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, body: string) =>
    kind.toLowerCase() === 'b' ? Buffer.from(body, 'base64').toString('utf8') : Buffer.from(unquote(body.replaceAll('_', ' ')), 'latin1').toString('utf8'));
}

function unquote(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
