import { parentPort } from 'node:worker_threads';
import { Fault } from '../../errors.ts';
import type { CsvAnswer } from './csv-reader.ts';
import { readCsv } from './read-csv.ts';

// One of the workers of csv-reader.ts: a file's bytes in, its table or the code of its refusal out. Any other fault ends the worker.
const port = parentPort;
if (!port) throw new Error('csv-worker.ts runs as a worker only');

port.on('message', (bytes: Uint8Array) => {
  const answer = answerTo(bytes);
  port.postMessage(answer, 'table' in answer ? [answer.table.cells.buffer, answer.table.ends.buffer] : []);
});

function answerTo(bytes: Uint8Array): CsvAnswer {
  try {
    return { table: readCsv(bytes) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { refused: error.code };
  }
}
