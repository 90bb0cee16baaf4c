import { connect, type TLSSocket } from 'node:tls';
import { parentPort } from 'node:worker_threads';
import type { LoadOrder, LoadResult } from './http-load.ts';

// As lean a client as HTTP/1.1 over TLS allows: it shares two cores with what it measures. Connections stay open between rounds.
const port = parentPort;
if (!port) throw new Error('http-load-worker.ts runs as a worker only');
const idle = new Map<number, Connection[]>();

port.on('message', (order: LoadOrder) => void run(order).then((result) => port.postMessage(result), (error: Error) => port.postMessage({ error: error.message })));

async function run(order: LoadOrder): Promise<LoadResult> {
  const connections = (idle.get(order.port) ?? []).filter(({ isOpen }) => isOpen); // the server ends those that idle for five seconds
  idle.set(order.port, connections);
  while (connections.length < order.concurrency) connections.push(await Connection.open(order.port, order.ca));
  const latencies: number[] = [];
  const start = performance.now();
  let next = 0;
  await Promise.all(connections.slice(0, order.concurrency).map(async (connection) => {
    while (performance.now() - start < order.ms) {
      const asked = performance.now();
      await connection.request(order.requests[next++ % order.requests.length] as string);
      latencies.push(performance.now() - asked);
    }
  }));
  return { perSecond: (latencies.length / (performance.now() - start)) * 1000, latencies };
}

const HEAD_END = Buffer.from('\r\n\r\n');

class Connection {
  readonly #socket: TLSSocket;
  #received: Buffer = Buffer.alloc(0);
  isOpen = true;
  #waiting: { resolve: () => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => {
      this.isOpen = false;
      this.#waiting?.reject(new Error('the server closed the connection'));
    });
  }

  static open(port: number, ca: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** @throws unless the answer is a 200 with content-length, which all answers here have. */
  request(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text);
    });
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (!head.startsWith('HTTP/1.1 200 ') || Number.isNaN(length)) return this.#settle(new Error(`answered ${head.slice(0, head.indexOf('\r\n'))}`));
    if (this.#received.length >= end + HEAD_END.length + length) this.#settle(null);
  }

  #settle(error: Error | null): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#received = Buffer.alloc(0);
    if (error === null) waiting?.resolve();
    else waiting?.reject(error);
  }
}
