import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { fault } from '../errors.ts';

/**
 * Calls to other systems' addresses, which people typed: HTTPS only, and nowhere inside a private network (server-side request forgery,
 * ASVS 5.0 V1.3.6, OWASP SSRF cheat sheet). The address is checked as it is connected to, so a name that resolves anew cannot slip by.
 * `allowed` are the operator's exceptions, `host` or `host:port`: an identity provider in the hospital's own network, also without TLS.
 */
export type Outbound = (url: URL, init?: OutboundInit) => Promise<Response>;
export type OutboundInit = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array };

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 5 * 1024 * 1024;

/** IANA special-purpose registries (RFC 6890): everything that is not the public internet. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24],
  ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) PRIVATE.addSubnet(net, bits, 'ipv4');
/** Of IPv6 only global unicast, without what embeds an IPv4 address (6to4, Teredo) or documents. */
const GLOBAL6 = new BlockList();
GLOBAL6.addSubnet('2000::', 3, 'ipv6');
for (const [net, bits] of [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) PRIVATE.addSubnet(net, bits, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE.check(address, 'ipv4');
  if (family !== 6) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  return GLOBAL6.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
}

/** Of what a name leads to, one private address among public ones is as bad: which of them is connected to is not ours to say. */
export function arePublic(addresses: readonly string[]): boolean {
  return addresses.length > 0 && addresses.every(isPublicAddress);
}

/** @throws Fault plugin.address_refused · plugin.unreachable; what the other side said is not repeated */
export function createOutbound(allowed: readonly string[]): Outbound {
  return async (url, init = {}) => {
    const isAllowed = allowed.includes(url.hostname) || allowed.includes(url.host);
    if (url.username !== '' || url.password !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && isAllowed))) throw fault('plugin.address_refused');
    // A literal address is not looked up, so the check below would never see it.
    if (!isAllowed && isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 && !isPublicAddress(url.hostname.replace(/^\[|\]$/g, ''))) throw fault('plugin.address_refused');
    // An import of node:http loads all that it exports, fetch and WebSocket among it (3 MB): here, since hardly anybody calls without TLS.
    const send = url.protocol === 'https:' ? request : (await import('node:http')).request;
    return await exchange(send, url, init, isAllowed ? undefined : lookupPublic);
  };
}

const REFUSED = 'EPRIVATE';

const lookupPublic: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, found) => {
    const addresses = found as unknown as LookupAddress[];
    if (error !== null) return callback(error, '', 4);
    if (!arePublic(addresses.map(({ address }) => address))) return callback(Object.assign(new Error('private address'), { code: REFUSED }), '', 4);
    const [first] = addresses as [LookupAddress];
    if (options.all === true) callback(null, addresses as never);
    else callback(null, first.address, first.family);
  });
};

function exchange(send: typeof request, url: URL, { method = 'GET', headers = {}, body }: OutboundInit, lookup: LookupFunction | undefined): Promise<Response> {
  return new Promise((done, fail) => {
    const unreachable = (cause: unknown) => fail(fault((cause as { code?: string }).code === REFUSED ? 'plugin.address_refused' : 'plugin.unreachable', { cause }));
    const outgoing = send(url, {
      method, headers: { 'user-agent': 'Wardkeep', ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      agent: false, signal: AbortSignal.timeout(TIMEOUT_MS), ...(lookup === undefined ? {} : { lookup }),
    }, (answer) => {
      const status = answer.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) answer.destroy(new Error('too large'));
        else chunks.push(chunk);
      }).once('error', unreachable).once('end', () => {
        // A redirect may lead anywhere; whoever must follow one asks again with the new address.
        const given = Object.entries(answer.headersDistinct).flatMap(([name, values]) => (values ?? []).map((value): [string, string] => [name, value]));
        const isEmpty = [204, 205, 304].includes(status) || method === 'HEAD';
        if (status < 200 || status > 599) unreachable(new Error('no status'));
        else done(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers: given }));
      });
    });
    outgoing.once('error', unreachable).end(body);
  });
}
