import { record } from '../audit/record.ts';
import { nightly } from '../jobs/nightly.ts';
import { workspaceJob } from '../jobs/job.ts';
import { takeCensus } from './census.ts';

/** In the audit: every value was looked at, with what was found. */
export const COUNTED = 'key.values_counted';

/** Looks at every sealed value of one workspace and puts on the record what stands under which key. A value in the clear is a finding, not a failed job. */
export const countValues = workspaceJob({
  name: 'keys.count',
  input: {},
  run: async (app, scope) => {
    const census = await takeCensus(app, scope);
    if (census === null) return; // it was given all the time it takes
    const isSound = census.plain.length === 0;
    await app.withWorkspace(scope, async (tx) => record(tx, { action: COUNTED, outcome: isSound ? 'ok' : 'failed', detail: census }));
    if (!isSound) app.log.error('Values stand in the clear', { workspaceId: scope.workspaceId, count: census.plain.reduce((sum, { count }) => sum + count, 0) });
  },
});

export const nightlyCensus = nightly('keys.nightly', countValues);
