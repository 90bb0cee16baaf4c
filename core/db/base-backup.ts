import pg from 'pg';

/**
 * The files of a running PostgreSQL as one tar, with the write-ahead log it takes to make them whole: what pg_basebackup asks for (PostgreSQL 18,
 * section 54.4, BASE_BACKUP). Nobody waits for it; pages are read with their checksums, and a damaged one fails it.
 * @param superuserUrl of the bundled server
 */
export async function* baseBackup(superuserUrl: string): AsyncGenerator<Buffer> {
  const client = new pg.Client({ connectionString: superuserUrl, replication: 'true', application_name: 'wardkeep backup' } as pg.ClientConfig);
  const copy = new Copy(COMMAND);
  client.on('error', (error) => copy.handleError(error));
  await client.connect();
  try {
    client.query(copy as unknown as pg.Submittable);
    yield* copy.chunks();
  } finally {
    await client.end();
  }
}

const COMMAND = "BASE_BACKUP (LABEL 'wardkeep', CHECKPOINT 'fast', WAL true, MANIFEST 'no')";

/** The kinds of CopyData that BASE_BACKUP sends: an archive begins · its bytes. Others (progress) say nothing that is kept. */
const ARCHIVE = 0x6e; // n
const BYTES = 0x64; // d

/** What is waiting to be taken before PostgreSQL is made to wait. */
const HIGH = 4 * 1024 * 1024;

type Wire = { query(text: string): void; readonly stream: { pause(): void; resume(): void } };

/** A query in the eyes of pg, whose answer is a copy: chunks are handed on as they come. */
class Copy {
  readonly #text: string;
  #wire: Wire | null = null;
  #waiting: Buffer[] = [];
  #size = 0;
  #archives = 0;
  #ended: Error | 'done' | null = null;
  #wake: () => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
  }

  submit(wire: Wire): void {
    this.#wire = wire;
    wire.query(this.#text);
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const taken = this.#waiting;
      this.#waiting = [];
      this.#size = 0;
      this.#wire?.stream.resume();
      yield* taken;
      if (this.#waiting.length > 0) continue;
      if (this.#ended instanceof Error) throw this.#ended;
      if (this.#ended === 'done') return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (chunk[0] === ARCHIVE && (this.#archives += 1) > 1) this.#end(new Error('The database lies in more than one tablespace, which a backup does not take along.'));
    if (chunk[0] !== BYTES) return;
    this.#waiting.push(Buffer.from(chunk.subarray(1))); // pg reads the next message into the same memory
    this.#size += chunk.length;
    if (this.#size > HIGH) this.#wire?.stream.pause();
    this.#wake();
  }

  handleError(error: Error): void {
    this.#end(error);
  }

  handleReadyForQuery(): void {
    this.#end('done');
  }

  /** Where the log stood, which the files themselves say. */
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}

  #end(how: Error | 'done'): void {
    this.#ended ??= how;
    this.#wake();
  }
}
