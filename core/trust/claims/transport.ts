import { connect, type ConnectionOptions } from 'node:tls';
import { claim, notApplicable, verdict } from '../claim.ts';

const TIMEOUT_MS = 3000;

export const tls = claim({
  id: 'TLS-1',
  title: 'Only TLS 1.3 is spoken',
  statement: 'The server accepts TLS 1.3 and refuses every older version (NIST SP 800-52r2).',
  async prove({ app }) {
    const { host, port } = app.config;
    const [modern, older] = await Promise.all([handshake(host, port, { minVersion: 'TLSv1.3' }), handshake(host, port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.2' })]);
    if (modern === 'nobody') return notApplicable('No server answers on the configured address: this program is not serving.');
    return verdict(modern === 'TLSv1.3' && older === 'refused', { proved: 'A TLS 1.3 handshake was accepted and one for TLS 1.2 and below refused, just now.', failing: `TLS 1.3: ${modern}; older: ${older}.` }, { modern, older });
  },
});

/** The protocol agreed on, `refused`, or `nobody` when nothing listens. Certificates are not looked at: the question is the version. */
function handshake(host: string, port: number, versions: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // Security level 0 lets this side offer TLS 1.0 at all; what the other side accepts is what is measured.
    const socket = connect({ host, port, servername: 'localhost', rejectUnauthorized: false, ciphers: 'DEFAULT:@SECLEVEL=0', timeout: TIMEOUT_MS, ...versions }, () => {
      resolve(socket.getProtocol() ?? 'unknown');
      socket.destroy();
    });
    socket.on('timeout', () => {
      resolve('silent');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND') resolve('nobody');
      else if (error.code?.startsWith('ERR_SSL') || error.code === 'ECONNRESET' || error.code === 'EPROTO') resolve('refused');
      else reject(error);
    });
  });
}

export const TRANSPORT_CLAIMS = [tls] as const;
