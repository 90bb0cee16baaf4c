import { readFileSync } from 'node:fs';
import type { ServerInjectResponse } from '@hapi/hapi';
import type { Test } from 'tap';
import { systemScope } from '../../../core/db/scope.ts';
import type { Plugin } from '../../../core/plugin.ts';
import { switchOn } from '../../../core/plugins/switch-plugin.ts';
import baaTracker from '../../../plugins/baa-tracker/index.ts';
import { dayIn, addDays } from '../../../plugins/baa-tracker/calendar-days.ts';
import type { Visitor } from '../../support/visitor.ts';
import { openHost, type OpenHost } from '../open-host.ts';

export const HOME = '/plugins/baa-tracker';
const FOLDER = new URL('../../../plugins/baa-tracker', import.meta.url).pathname;

/** A program with the tracker on in both workspaces, and whatever plugins a test adds. */
export async function openRegister(t: Pick<Test, 'teardown'>, others: readonly Plugin[] = [], change: Parameters<typeof openHost>[2] = {}): Promise<OpenHost> {
  const opened = await openHost(t, [baaTracker, ...others], { ...change, folders: { 'baa-tracker': FOLDER } });
  for (const { workspaceId } of [opened.willow, opened.harbor]) await opened.app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => switchOn(tx, opened.host.plugins, 'baa-tracker', {}));
  return opened;
}

/** The present day in the test workspaces' zone, moved by `days`. */
export const daysFromNow = (days: number): string => addDays(dayIn('America/New_York', Date.now()), days);

export const subprocessor = (name: string, over: Record<string, string> = {}) => ({ name, service: 'Storage', purpose: 'Keeps documents', phiClass: 'store', dataElements: 'names', location: 'Oregon, US', inUse: 'yes', ...over });
export const agreement = (ownerId: string, over: Record<string, string> = {}) => ({
  kind: 'baa', title: 'BAA 2026', ourParty: 'Willow Clinic', theirParty: 'Acme Cloud', ourSignatory: 'Ada Ruiz', theirSignatory: 'Bo Chen', effectiveOn: daysFromNow(-10), expiresOn: daysFromNow(355), noticeDays: '0', breachNoticeHours: '72', ownerId, ...over,
});

/** The id at the end of where a change leads. */
export function idIn(response: ServerInjectResponse): string {
  const id = /\/([0-9a-f-]{36})$/.exec(String(response.headers['location']))?.[1];
  if (id === undefined) throw new Error(`This answer (${response.statusCode}) leads to no row: ${/<ul><li>.*?<\/ul>/s.exec(response.payload)?.[0] ?? response.payload.slice(0, 300)}`);
  return id;
}

/** Fills in the form for a change, and sends it. */
export async function change(visitor: Visitor, page: string, form: Record<string, string>): Promise<ServerInjectResponse> {
  const version = /name="version" value="(\d+)"/.exec((await visitor.get(`${page}/change`)).payload)?.[1];
  return visitor.post(page, { ...form, ...(version === undefined ? {} : { version }) });
}

/** Sends a file as a browser's form does. The page with the form must have been fetched before, for its token. */
export async function upload(visitor: Visitor, url: string, fields: Record<string, string>, file: { name: string; bytes: Buffer; type?: string }): Promise<ServerInjectResponse> {
  const page = await visitor.get(HOME);
  const token = /name="_csrf" value="([^"]+)"/.exec(page.payload)?.[1] ?? '';
  const boundary = 'wardkeep-test-boundary';
  const parts = Object.entries({ _csrf: token, ...fields }).map(([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('');
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\ncontent-type: ${file.type ?? 'application/pdf'}\r\n\r\n`;
  const payload = Buffer.concat([Buffer.from(parts + head, 'utf8'), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`, 'utf8')]);
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return visitor.server.inject({ method: 'POST', url, headers: { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin', 'content-type': `multipart/form-data; boundary=${boundary}` }, payload });
}

/** A whole PDF of one page without anything in it. */
export function plainPdf(extra = ''): Buffer {
  const body = `%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R ${extra}>>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>\nendobj\n`;
  return Buffer.from(`${body}xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`, 'latin1');
}

/** From nothing to an agreement in force, through the pages. */
export async function concludeAgreement(visitor: Visitor, subprocessorId: string, form: Record<string, string>): Promise<string> {
  await visitor.get(HOME);
  const agreementId = idIn(await visitor.post(`${HOME}/subprocessors/${subprocessorId}/agreements`, form));
  await upload(visitor, `${HOME}/agreements/${agreementId}/documents`, { kind: 'signed' }, { name: 'signed.pdf', bytes: plainPdf() });
  await visitor.get(`${HOME}/agreements/${agreementId}`);
  await visitor.post(`${HOME}/agreements/${agreementId}/step`, { to: 'sent' });
  const signed = await visitor.post(`${HOME}/agreements/${agreementId}/step`, { to: 'signed' });
  if (signed.statusCode !== 303) throw new Error(`Signing answered ${signed.statusCode}.`);
  return agreementId;
}

export const projectFile = (path: string): Buffer => readFileSync(new URL(`../../../${path}`, import.meta.url));
