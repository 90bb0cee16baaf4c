import { runProgram, type Outcome } from './outcome.ts';

type Report = { vulnerabilities?: Record<string, { name: string; severity: string; range: string }>; metadata?: { vulnerabilities?: Record<string, number> } };

/** Known vulnerabilities of what ships. A registry without this service is reported as such, not as a pass. */
export async function checkAudit(root: string): Promise<Outcome> {
  const { stdout } = await runProgram('npm', ['audit', '--omit', 'dev', '--json'], root);
  return judgeAudit(stdout);
}

/** @param stdout what `npm audit --json` printed; npm's exit code says nothing sure, since an error and a finding share it. */
export function judgeAudit(stdout: string): Outcome {
  let report: Report | null = null;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    report = null; // no JSON: npm did not get as far as a report
  }
  const counts = report?.metadata?.vulnerabilities;
  if (!report || !counts) return { status: 'missing', summary: 'dependency audit: not available' };
  const serious = Object.values(report.vulnerabilities ?? {}).filter((each) => each.severity === 'high' || each.severity === 'critical');
  const summary = `${counts['critical'] ?? 0} critical, ${counts['high'] ?? 0} high, ${counts['moderate'] ?? 0} moderate, ${counts['low'] ?? 0} low`;
  if (serious.length === 0 && !counts['critical'] && !counts['high']) return { status: 'passed', summary };
  return { status: 'failed', summary, details: serious.map((each) => `${each.name} ${each.range}: ${each.severity}`) };
}
