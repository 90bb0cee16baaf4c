import type { App } from '../app.ts';
import type { Scope, SystemTx } from '../db/scope.ts';
import { EVENTS, type Event } from '../hooks.ts';
import { enqueueFor } from '../jobs/enqueue.ts';
import type { Fields, Job, ScheduledJob, WorkspaceJob } from '../jobs/job.ts';
import { reviewAgreements } from './agreements.ts';
import { depsOf } from './deps.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { parkJob } from './parked-jobs.ts';
import { eventJobName } from './plugged.ts';
import { statesOf, type PluginState } from './states.ts';

const HOUR_MS = 3600_000;

/** Everything the worker runs for plugins: their own jobs, delivery of events, and the hourly look at agreements. */
export function pluginJobs(plugins: readonly LoadedPlugin[]): Job[] {
  if (plugins.length === 0) return [];
  const review: WorkspaceJob = { name: 'plugin.review', input: {}, run: (app, scope) => app.withWorkspace(scope, (tx) => reviewAgreements(tx, plugins)) };
  const own = plugins.flatMap(({ plugin }) => (plugin.jobs ?? []).flatMap((job): Job[] => {
    const run: WorkspaceJob['run'] = async (app, scope, input) => {
      const state = await runningOrParked(app, plugins, scope, plugin.name, job.schedule === undefined ? { job: job.name, input } : null);
      if (state !== null) await job.run(depsOf(app, plugins, plugin), scope, input);
    };
    const workspaceJob: WorkspaceJob = { name: job.name, input: job.input, run };
    return job.schedule === undefined ? [workspaceJob] : [workspaceJob, everywhere(`schedule.${job.name}`, job.schedule, workspaceJob)];
  }));
  return [...own, ...(Object.keys(EVENTS) as Event[]).map((event) => delivery(plugins, event)), review, everywhere('schedule.plugin.review', '17 * * * *', review)];
}

function delivery(plugins: readonly LoadedPlugin[], event: Event): WorkspaceJob {
  const input: Fields = { ...EVENTS[event], plugin: plugins.map(({ plugin }) => plugin.name) };
  return {
    name: eventJobName(event), input,
    async run(app, scope, given) {
      const { plugin: name, ...payload } = given as { plugin: string };
      const state = await runningOrParked(app, plugins, scope, name, { job: eventJobName(event), input: given });
      const { plugin } = plugins.find((loaded) => loaded.plugin.name === name) as LoadedPlugin;
      if (state !== null) await plugin.listens?.[event]?.(depsOf(app, plugins, plugin), scope, payload as never, state.settings);
    },
  };
}

/** The plugin's state if it may act now; otherwise null, and the work is kept, unless it comes again by itself. */
async function runningOrParked(app: App, plugins: readonly LoadedPlugin[], scope: Scope, name: string, work: { job: string; input: object } | null): Promise<PluginState | null> {
  return app.withWorkspace(scope, async (tx) => {
    const state = (await statesOf(tx, plugins)).get(name);
    if (state !== undefined && state.isOn && !state.isSuspended) return state;
    if (work !== null) await parkJob(tx, name, work.job, work.input as Record<string, unknown>);
    return null;
  });
}

/** By the clock, in every workspace; the job itself finds out whether its plugin is on there. */
function everywhere(name: string, schedule: string, job: WorkspaceJob): ScheduledJob {
  return {
    name, schedule, catchUpMs: 24 * HOUR_MS,
    run: (app) => app.withSystem('job.schedule', async (tx: SystemTx) => {
      const rows = (await tx.knex('sys.workspaces').where({ status: 'active' }).select('id')) as { id: string }[];
      for (const { id } of rows) await enqueueFor(tx, id, job, {}, { key: 'schedule' });
    }),
  };
}
