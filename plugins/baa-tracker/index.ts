import { definePlugin, pluginJob } from '../../core/plugin.ts';
import { agreementRoutes } from './agreements/routes.ts';
import { answerAgreement } from './agreements/answer.ts';
import { obligationsOf } from './agreements/obligations.ts';
import { BAA_API } from './api.ts';
import { BAA_CLAIMS } from './claims.ts';
import { dashboardCard, health } from './dashboard.ts';
import { AUDIT_ACTIONS, CAPABILITIES, FAULTS } from './declared.ts';
import { demo } from './demo/seed.ts';
import { documentRoutes } from './documents/routes.ts';
import { registerRoutes } from './register/routes.ts';
import { MAIL_JOB, mailReminder } from './reminders/mail.ts';
import { remind } from './reminders/remind.ts';
import { subprocessorRoutes } from './subprocessors/routes.ts';
import { TABLES } from './tables.ts';

export default definePlugin({
  contract: 1,
  name: 'baa-tracker',
  version: '1.1.0',
  title: 'Agreements',
  summary: 'Who is handed patients’ data, under which agreement, until when; the signed documents, reminders, reviews and the evidence an auditor asks for.',
  tier: 'free', // whoever has patients' data anywhere needs the agreement, whatever plan they pay
  phi: 'none',
  subprocessors: [],
  capabilities: CAPABILITIES,
  auditActions: AUDIT_ACTIONS,
  faults: FAULTS,
  tables: TABLES,
  claims: BAA_CLAIMS,
  nav: [{ place: 'main', label: 'Agreements', path: '/', icon: 'archive', capability: 'baa-tracker.register.read' }],
  answers: { subprocessorAgreement: answerAgreement, incidentObligations: obligationsOf, dashboardCard },
  jobs: [
    // Daily, after midnight in most of the zones practices are in; what a day changes is asked by date, so the hour does not matter.
    pluginJob({ name: 'baa_tracker.remind', input: {}, schedule: '10 9 * * *', run: (deps, scope) => remind(deps, scope) }),
    pluginJob({ ...MAIL_JOB, run: mailReminder }),
  ],
  api: BAA_API,
  health,
  demo,
  register(server, deps) {
    server.route([...registerRoutes(deps), ...subprocessorRoutes(deps), ...agreementRoutes(deps), ...documentRoutes(deps)]);
  },
});
