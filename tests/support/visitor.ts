import type { Server, ServerInjectResponse } from '@hapi/hapi';

/**
 * A browser as far as the server can tell: keeps cookies, says `same-origin`, and takes the form token from the page it last saw.
 * `ip` is where it connects from.
 */
export class Visitor {
  readonly server: Server;
  readonly cookies = new Map<string, string>();
  ip = '192.0.2.1';
  #token = '';

  constructor(server: Server) {
    this.server = server;
  }

  async get(url: string): Promise<ServerInjectResponse> {
    return this.#take(await this.server.inject({ method: 'GET', url, headers: this.#headers(), remoteAddress: this.ip }));
  }

  /** Sends a form; the page it stood on must have been fetched before. */
  async post(url: string, form: Record<string, string | string[]> = {}): Promise<ServerInjectResponse> {
    const body = new URLSearchParams({ _csrf: this.#token });
    for (const [name, value] of Object.entries(form)) for (const each of [value].flat()) body.append(name, each);
    const headers = { ...this.#headers(), 'content-type': 'application/x-www-form-urlencoded' };
    return this.#take(await this.server.inject({ method: 'POST', url, headers, payload: body.toString(), remoteAddress: this.ip }));
  }

  /** Sends files of a form's field, each with the content type that a browser gives it. */
  async upload(url: string, field: string, files: readonly { name: string; type: string; bytes: Uint8Array }[]): Promise<ServerInjectResponse> {
    const form = new FormData();
    form.append('_csrf', this.#token);
    for (const { name, type, bytes } of files) form.append(field, new Blob([Uint8Array.from(bytes)], { type }), name);
    const sent = new Response(form);
    return this.#take(await this.server.inject({ method: 'POST', url, headers: { ...this.#headers(), 'content-type': sent.headers.get('content-type') as string }, payload: Buffer.from(await sent.arrayBuffer()), remoteAddress: this.ip }));
  }

  /** What a page's script sends. */
  async json(url: string, body: object): Promise<ServerInjectResponse> {
    const headers = { ...this.#headers(), 'content-type': 'application/json', accept: 'application/json', 'x-csrf-token': this.#token };
    return this.#take(await this.server.inject({ method: 'POST', url, headers, payload: JSON.stringify(body), remoteAddress: this.ip }));
  }

  #headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return { 'sec-fetch-site': 'same-origin', accept: 'text/html', ...(cookie === '' ? {} : { cookie }) };
  }

  #take(response: ServerInjectResponse): ServerInjectResponse {
    for (const line of [response.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      if (/max-age=0/i.test(rest)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.#token = /name="_csrf" value="([^"]+)"/.exec(response.payload)?.[1] ?? this.#token;
    return response;
  }
}

/** Where a page goes on to by itself after a form (core/auth/sign-in/onward.ts). */
export function onwardOf({ headers }: ServerInjectResponse): string {
  return /^0; url=(.+)$/.exec(String(headers['refresh']))?.[1] ?? '';
}
