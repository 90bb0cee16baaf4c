import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';

export type ReceivedMail = { from: string; to: string[]; data: string; isEncrypted: boolean; user: string | null };
export type SmtpServer = { port: number; received: ReceivedMail[]; connections: () => number; close(): Promise<void> };

type Options = {
  key: string;
  cert: string;
  /** TLS from the first byte instead of STARTTLS. */
  isImplicit?: boolean;
  /** Leave STARTTLS out of the greeting, as an attacker in the middle would (RFC 3207 §6). */
  hidesStartTls?: boolean;
  /** Answer to every recipient. */
  recipientReply?: string;
};

/** A real, small SMTP server on loopback (RFC 5321, RFC 3207 STARTTLS, RFC 4954 AUTH PLAIN): as much as a client's tests need. */
export async function startSmtpServer(options: Options): Promise<SmtpServer> {
  const received: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const accept = (socket: Socket): void => {
    count++;
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket)).on('close', () => sockets.delete(socket));
    converse(socket, options, received);
  };
  const server = options.isImplicit ? createTlsServer({ key: options.key, cert: options.cert }, accept) : createServer(accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    connections: () => count,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(socket: Socket, options: Options, received: ReceivedMail[], isUpgraded = false): void {
  const isEncrypted = isUpgraded || options.isImplicit === true;
  let mail = { from: '', to: [] as string[] };
  let user: string | null = null;
  let data: string | null = null;
  let rest = '';
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  if (!isUpgraded) say('220 loopback ESMTP');

  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') say(['250-loopback', ...(isEncrypted ? ['250-AUTH PLAIN'] : options.hidesStartTls ? [] : ['250-STARTTLS']), '250 8BITMIME'].join('\r\n'));
    else if (verb === 'STAR' && options.hidesStartTls) say('502 no such command');
    else if (verb === 'STAR') {
      say('220 go ahead');
      socket.removeAllListeners('data');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key: options.key, cert: options.cert }) });
      secure.on('error', () => socket.destroy());
      converse(secure, options, received, true);
    } else if (verb === 'AUTH') {
      user = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString().split('\0')[1] ?? null;
      say(user === 'wrong' ? '535 no' : '235 ok');
    } else if (verb === 'MAIL') { mail = { from: /<(.*)>/.exec(line)?.[1] ?? '', to: [] }; say('250 ok'); }
    else if (verb === 'RCPT') { mail.to.push(/<(.*)>/.exec(line)?.[1] ?? ''); say(options.recipientReply ?? '250 ok'); }
    else if (verb === 'DATA') { data = ''; say('354 end with a dot'); }
    else if (verb === 'QUIT') { say('221 bye'); socket.end(); }
    else say('250 ok');
  };

  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (data === null) command(line);
      else if (line !== '.') data += `${line.replace(/^\./, '')}\r\n`;
      else {
        received.push({ ...mail, data, isEncrypted, user });
        data = null;
        say('250 taken');
      }
    }
  });
}
