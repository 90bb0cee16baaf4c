import { Worker } from 'node:worker_threads';

/**
 * Threads for work that would keep the serving one from its requests: bytes in, an answer out. Workers start when first needed; idle ones keep no
 * program alive. Who calls bounds how many tasks wait, since he knows whose they are.
 */
export type WorkerPool<A> = {
  /** @throws what `refusals` makes where a bound is met; Error when the worker ended by a fault of its own */
  run(bytes: Uint8Array): Promise<A>;
};

export type WorkerBounds = { readonly workers: number; readonly taskMs: number; readonly heapMegabytes: number };
/** What a task is refused with that meets a bound. */
export type BoundRefusals = { readonly tooSlow: () => Error; readonly tooLarge: () => Error };

type Job<A> = { readonly bytes: Uint8Array; readonly resolve: (answer: A) => void; readonly reject: (error: Error) => void };
type PoolWorker<A> = { take(job: Job<A>): void };

/** `script` gets a Uint8Array with each message and posts one answer back; one task at a time by each worker. */
export function openWorkerPool<A>(script: URL, bounds: WorkerBounds, refusals: BoundRefusals): WorkerPool<A> {
  const waiting: Job<A>[] = [];
  const idle: PoolWorker<A>[] = [];
  let started = 0;
  const start = (): PoolWorker<A> => {
    started += 1;
    return startWorker<A>(script, { bounds, refusals, onIdle: (worker) => void (idle.push(worker), goOn()), onEnd });
  };
  const onEnd = (ended: PoolWorker<A>): void => {
    started -= 1;
    const at = idle.indexOf(ended);
    if (at !== -1) idle.splice(at, 1);
    goOn();
  };
  const goOn = (): void => {
    while (waiting.length > 0 && (idle.length > 0 || started < bounds.workers)) (idle.pop() ?? start()).take(waiting.shift() as Job<A>);
  };
  return {
    run: (bytes) => new Promise<A>((resolve, reject) => {
      waiting.push({ bytes, resolve, reject });
      goOn();
    }),
  };
}

type WorkerOptions<A> = { bounds: WorkerBounds; refusals: BoundRefusals; onIdle: (worker: PoolWorker<A>) => void; onEnd: (worker: PoolWorker<A>) => void };

function startWorker<A>(script: URL, { bounds, refusals, onIdle, onEnd }: WorkerOptions<A>): PoolWorker<A> {
  // Without this program's own flags: what they preload would count against the worker's memory.
  const worker = new Worker(script, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: bounds.heapMegabytes } });
  let job: Job<A> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const leave = (): Job<A> | null => {
    const left = job;
    job = null;
    clearTimeout(timer);
    worker.unref();
    return left;
  };
  const self: PoolWorker<A> = {
    take(next) {
      job = next;
      worker.ref();
      timer = setTimeout(() => {
        leave()?.reject(refusals.tooSlow());
        void worker.terminate();
      }, bounds.taskMs);
      const bytes = new Uint8Array(next.bytes); // a copy: a buffer may be a view of much more, and the caller keeps his
      worker.postMessage(bytes, [bytes.buffer]);
    },
  };
  worker.on('message', (answer: A) => {
    const done = leave();
    if (done === null) return; // too late; the worker is being ended
    done.resolve(answer);
    onIdle(self);
  });
  worker.on('error', (error: NodeJS.ErrnoException) => leave()?.reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? refusals.tooLarge() : error));
  worker.on('exit', () => {
    leave()?.reject(new Error('A worker ended in the middle of its task.'));
    onEnd(self);
  });
  return self;
}
