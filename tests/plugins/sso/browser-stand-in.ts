import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string; readonly url: string };

/** As much of a browser as sign-in pages without scripts need: cookies by host, redirects until one leads to `stopAt`, forms posted. */
export class BrowserStandIn {
  private readonly ca: string;
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(ca: string) {
    this.ca = ca;
  }

  async get(url: string, stopAt: string | null = null): Promise<Answer> {
    return this.follow(await this.send('GET', url), stopAt);
  }

  async post(url: string, form: Readonly<Record<string, string>>, stopAt: string | null = null): Promise<Answer> {
    return this.follow(await this.send('POST', url, new URLSearchParams(form).toString()), stopAt);
  }

  /** The first form of a page with its hidden fields, the given ones filled in. */
  async submit(page: Answer, fields: Readonly<Record<string, string>>, stopAt: string | null = null): Promise<Answer> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? page.url;
    const hidden = [...page.body.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]): [string, string] => [/name="([^"]*)"/.exec(tag)?.[1] ?? '', unescapeHtml(/value="([^"]*)"/.exec(tag)?.[1] ?? '')]);
    return this.post(new URL(action, page.url).href, { ...Object.fromEntries(hidden), ...fields }, stopAt);
  }

  private async follow(answer: Answer, stopAt: string | null, left = 20): Promise<Answer> {
    const to = answer.headers.location;
    if (to === undefined || left === 0) return answer;
    const next = new URL(to, answer.url).href;
    return stopAt !== null && next.startsWith(stopAt) ? { ...answer, url: next } : this.follow(await this.send('GET', next), stopAt, left - 1);
  }

  private send(method: string, url: string, body?: string): Promise<Answer> {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    return new Promise((resolve, reject) => {
      const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body), origin: new URL(url).origin }) };
      (url.startsWith('http:') ? plainRequest : request)(url, { method, headers, ca: this.ca, agent: false }, (incoming) => {
        for (const line of incoming.headers['set-cookie'] ?? []) keep(jar, line);
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString(), url }));
      }).on('error', reject).end(body);
    });
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const isGone = pair.slice(at + 1) === '' || attributes.some((each) => /max-age=0|expires=thu, 01 jan 1970/i.test(each));
  if (isGone) jar.delete(pair.slice(0, at));
  else jar.set(pair.slice(0, at), pair.slice(at + 1));
}

const unescapeHtml = (text: string): string => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))).replaceAll('&amp;', '&');

/** The plugin's way out, with a certificate authority of the test's. */
export const fetchTrusting = (ca: string) => (url: string, init: { method: string; headers: Record<string, string>; body?: string | Uint8Array }): Promise<Response> =>
  new Promise((resolve, reject) => {
    request(url, { method: init.method, headers: init.headers, ca, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 500, headers: incoming.headers as Record<string, string> })));
    }).on('error', reject).end(init.body);
  });
