import { parentPort } from 'node:worker_threads';
import { DocumentRefusal } from './document-refusal.ts';
import { readDocument } from './read-document.ts';
import type { ReadAnswer } from './document-reader.ts';

// One of the workers of document-reader.ts: a document's bytes in, what was read or why not out. Any other fault ends the worker.
const port = parentPort;
if (!port) throw new Error('read-worker.ts runs as a worker only');

port.on('message', (bytes: Uint8Array) => port.postMessage(answerTo(bytes)));

function answerTo(bytes: Uint8Array): ReadAnswer {
  try {
    return { document: readDocument(bytes) };
  } catch (error) {
    if (!(error instanceof DocumentRefusal)) throw error;
    const { code, reason, line, column } = error;
    return { refusal: { code, reason, line, column } }; // an error crosses without its class and fields
  }
}
