import type { Feature } from './feature.ts';

/**
 * For whatever starts, restarts and routes to the program (a load balancer, systemd, Kubernetes): no sign-in, no detail. `/health/live`: the
 * process answers. `/health/ready`: so does the database, to the role that serves and to the one that works jobs.
 */
const PATIENCE_MS = 2_000;
/** Anybody may ask, as often as they like: the database is asked once in a while, for all of them, and not again before it has answered. */
const ANSWER_LASTS_MS = 1_000;
/** No budget: who is turned away by the address they share must not be taken for a program that has died, and be the cause of its restart. */
const OPEN = { auth: false, plugins: { rateLimit: 'none' } } as const;

export const healthFeature: Feature = {
  name: 'wardkeep-health',
  register(server, { app }) {
    let asked: { readonly at: number; readonly answered: Promise<boolean>; isOpen: boolean } | null = null;

    const isReady = (): Promise<boolean> => {
      const now = performance.now();
      if (asked === null || (!asked.isOpen && now - asked.at >= ANSWER_LASTS_MS)) {
        const question = { at: now, isOpen: true, answered: app.ping().then(() => true, () => false).finally(() => { question.isOpen = false; }) };
        asked = question;
      }
      return inTime(asked.answered);
    };

    server.route([
      { method: 'GET', path: '/health/live', options: OPEN, handler: (_request, h) => h.response('live\n').type('text/plain') },
      {
        method: 'GET', path: '/health/ready', options: OPEN,
        handler: async (_request, h) => ((await isReady()) ? h.response('ready\n') : h.response('not ready\n').code(503)).type('text/plain'),
      },
    ]);
  },
};

async function inTime(answered: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
