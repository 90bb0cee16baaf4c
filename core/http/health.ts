import type { Feature } from './feature.ts';

/**
 * For whatever starts, restarts and routes to the program (a load balancer, systemd, Kubernetes): no sign-in, no detail. `/health/live`: the
 * process answers. `/health/ready`: so does the database, to the role that serves and to the one that works jobs.
 */
const PATIENCE_MS = 2_000;
/** Anybody may ask: the database is asked once in a while, for all of them. */
const ANSWER_LASTS_MS = 1_000;

export const healthFeature: Feature = {
  name: 'wardkeep-health',
  register(server, { app }) {
    let asked: { readonly at: number; readonly ready: Promise<boolean> } | null = null;

    const isReady = (): Promise<boolean> => {
      const now = performance.now();
      if (asked === null || now - asked.at >= ANSWER_LASTS_MS) asked = { at: now, ready: answersInTime(app.ping()) };
      return asked.ready;
    };

    server.route([
      { method: 'GET', path: '/health/live', options: { auth: false }, handler: (_request, h) => h.response('live\n').type('text/plain') },
      {
        method: 'GET', path: '/health/ready', options: { auth: false },
        handler: async (_request, h) => ((await isReady()) ? h.response('ready\n') : h.response('not ready\n').code(503)).type('text/plain'),
      },
    ]);
  },
};

async function answersInTime(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const answered = ping.then(() => true, () => false);
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
