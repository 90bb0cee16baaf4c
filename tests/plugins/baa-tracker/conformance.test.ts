import t from 'tap';
import { CHECKS } from '../../../core/conformance/checks.ts';
import { sourceFindings } from '../../../core/conformance/source-rules.ts';
import { openSubject } from '../../../core/conformance/subject.ts';
import { firstParty } from '../../../core/plugins/first-party.ts';
import type { LoadedPlugin } from '../../../core/plugins/loaded-plugin.ts';
import baaTracker from '../../../plugins/baa-tracker/index.ts';
import { TEST_ROOT_KEYS } from '../../support/cluster.ts';
import { createTestDatabase } from '../../support/database.ts';

t.setTimeout(120_000);

t.test('what a stranger’s plugin is held to, a house plugin keeps as well', async (t) => {
  const [loaded] = firstParty([baaTracker]) as [LoadedPlugin];
  t.same(sourceFindings(loaded.folder), []);
  const subject = await openSubject(loaded, { database: await createTestDatabase(t), rootKeys: [...TEST_ROOT_KEYS] }); // boots: migrations, row-level security, declared columns, audit triggers
  t.teardown(() => subject.close());
  for (const { check, run } of CHECKS) t.same(await run(subject), [], check);
});
