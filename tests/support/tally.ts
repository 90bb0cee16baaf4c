export type Tally = { passed: number; failed: number; skipped: number };

/**
 * Counts the tests in tap's raw output. A test is what a file calls `t.test(…)`, or a check it makes outside of one: TAP lines one level below
 * the file's own. A file that fails without any such line failing (it crashed, or held nothing) counts as one failure.
 */
export function tallyTap(raw: readonly string[]): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  let failedInFile = 0;
  let seenInFile = 0;
  for (const whole of raw) {
    const line = whole.replace(/ # SKIP no tests found$/i, ''); // tap's word for an empty file, which is nothing to skip over
    const [, indent = '', not, directive] = /^( {4})?(not )?ok \d+(?:(?!(?<!\\)#).)*(?:# (SKIP|TODO))?/i.exec(line) ?? [];
    if (!/^( {4})?(not )?ok \d+/.test(line)) continue;
    const isFailure = not !== undefined && directive === undefined;
    if (indent !== '') {
      seenInFile++;
      if (isFailure) { tally.failed++; failedInFile++; }
      else if (directive !== undefined) tally.skipped++;
      else tally.passed++;
      continue;
    }
    if (isFailure && failedInFile === 0) tally.failed++;
    else if (!isFailure && seenInFile === 0) tally[directive === undefined ? 'failed' : 'skipped']++;
    failedInFile = 0;
    seenInFile = 0;
  }
  return tally;
}

/** The last line of every run. */
export function describeTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
