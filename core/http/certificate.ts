import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Server as TlsServer } from 'node:tls';
import type { Server } from '@hapi/hapi';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { createTls, TLS_OPTIONS } from './tls.ts';

/** PEM. `caFile`: where the local authority's certificate lies; null for a certificate of the operator's own. */
export type Certificate = { readonly key: string; readonly cert: string; readonly caFile: string | null };

/** The operator's own certificate as its files are now, or one of the local authority, renewed when it is about to end. */
export async function readCertificate({ tls, dataDir, host, origin }: Config): Promise<Certificate> {
  if (tls === null) return createTls(dataDir, [...new Set([host, new URL(origin).hostname, hostname()])]);
  const [key, cert] = await Promise.all([readFile(tls.keyFile, 'utf8'), readFile(tls.certFile, 'utf8')]);
  return { key, cert, caFile: null };
}

const HOUR_MS = 3600_000;

/**
 * Looks every hour whether there is another certificate and shows it to whoever connects from then on; connections that stand go on. One that cannot be
 * read, or whose key is not there yet (files are replaced one by one), changes nothing until it can. Returns what ends the looking.
 */
export function keepCertificate(server: Server, shown: Certificate, read: () => Promise<Certificate>, log: Log, everyMs = HOUR_MS): () => void {
  let current = shown;
  const look = async () => {
    try {
      const next = await read();
      const { key, cert } = next;
      if (key === current.key && cert === current.cert) return;
      (server.listener as Server['listener'] & TlsServer).setSecureContext({ key, cert, ...TLS_OPTIONS });
      current = next;
      log.info('another certificate is shown');
    } catch (err) {
      log.error('The certificate cannot be renewed; the one from before is shown', { err });
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}
