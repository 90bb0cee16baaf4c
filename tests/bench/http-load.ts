import { Worker } from 'node:worker_threads';

/** Whole requests as they go over the wire, taken in turn on `concurrency` connections for `ms`. */
export type LoadOrder = { readonly port: number; readonly ca: string; readonly requests: readonly string[]; readonly concurrency: number; readonly ms: number };
/** Latencies in ms. */
export type LoadResult = { readonly perSecond: number; readonly latencies: readonly number[] };

export type HttpLoad = { run(order: LoadOrder): Promise<LoadResult>; close(): Promise<unknown> };

/** A client on a thread of its own. One order at a time. */
export function openHttpLoad(): HttpLoad {
  const worker = new Worker(new URL('./http-load-worker.ts', import.meta.url));
  return {
    run: (order) => new Promise((resolve, reject) => {
      worker.once('message', (answer: LoadResult | { error: string }) => ('error' in answer ? reject(new Error(answer.error)) : resolve(answer)));
      worker.postMessage(order);
    }),
    close: () => worker.terminate(),
  };
}

export function getRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${lines(headers)}\r\n`;
}

export function postRequest(path: string, body: object, headers: Readonly<Record<string, string>> = {}): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n${lines(headers)}\r\n${text}`;
}

const lines = (headers: Readonly<Record<string, string>>): string => Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
