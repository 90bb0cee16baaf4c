import t from 'tap';
import { judgeAudit } from '../../scripts/check/audit.ts';

const report = (counts: Record<string, number>, vulnerabilities: object = {}): string => JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: counts } });

t.test('a registry that does not answer is no pass', async (t) => {
  for (const stdout of ['', 'not json', '{"error":{"code":"E405","summary":"Method Not Allowed"}}', '{"message":"404 Not Found"}', 'null']) {
    t.same(judgeAudit(stdout), { status: 'missing', summary: 'dependency audit: not available' }, stdout);
  }
});

t.test('high and critical fail, lesser ones are counted', async (t) => {
  t.match(judgeAudit(report({ low: 0, moderate: 0, high: 0, critical: 0 })), { status: 'passed' });
  t.match(judgeAudit(report({ low: 3, moderate: 2, high: 0, critical: 0 })), { status: 'passed', summary: '0 critical, 0 high, 2 moderate, 3 low' });
  t.match(judgeAudit(report({ high: 1 }, { left: { name: 'left', severity: 'high', range: '<2' } })), { status: 'failed', details: ['left <2: high'] });
  t.match(judgeAudit(report({ critical: 1 })), { status: 'failed' });
});
