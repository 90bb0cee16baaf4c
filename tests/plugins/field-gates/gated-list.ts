import t from 'tap';
import { GATEABLE_FIELDS } from '../../../core/practice/contacts/field-gate.ts';
import { createContact } from '../../../core/practice/contacts/write-contact.ts';
import { listContacts } from '../../../core/practice/contacts/list-contacts.ts';
import { scopeAs, type Person } from '../../support/people.ts';
import { openGates } from './open-gates.ts';

/**
 * What gates cost: a list of 50 contacts with 20 gated fields beside the same list without the plugin's gates, in turn, medians. Run alone, on a quiet machine:
 * `node tests/plugins/field-gates/gated-list.ts`.
 */
t.setTimeout(0);
const ROUNDS = Number(process.env['WARDKEEP_BENCH_ROUNDS'] ?? 120);
t.test('a list of 50', async (t) => {
  const gates = await openGates(t);
  const { app, willow } = gates;
  for (let at = 0; at < 60; at += 1) {
    await app.withWorkspace(scopeAs(willow.agent), (tx) => createContact(tx, {
      givenName: `Given${at}`, middleName: 'M', familyName: `Family${at}`, preferredName: 'Called', birthDate: '1956-12-10', sex: 'female', race: 'recorded', notes: 'A note of some length about this person.',
      phones: [{ use: 'home', value: '+13035550142' }], emails: [{ use: 'home', value: `person${at}@example.org` }],
    }));
  }
  const fields = Object.keys(GATEABLE_FIELDS).slice(0, 20);
  const timed = async (person: Person): Promise<number> => {
    const start = performance.now();
    await app.withWorkspace(scopeAs(person), (tx) => listContacts(tx, { limit: 50 }));
    return performance.now() - start;
  };
  const median = (of: number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] as number;
  const measure = async (person: Person, readers: readonly ('ADMIN' | 'MANAGER' | 'AGENT' | 'READONLY')[]): Promise<{ open: number; gated: number }> => {
    const [open, gated]: [number[], number[]] = [[], []];
    const turns = 12;
    for (let turn = 0; turn < turns; turn += 1) {
      await gates.gate([]);
      for (let at = 0; at < ROUNDS / turns; at += 1) open.push(await timed(person));
      await gates.gate(fields.map((field) => ({ field, readers })));
      for (let at = 0; at < ROUNDS / turns; at += 1) gated.push(await timed(person));
    }
    return { open: median(open), gated: median(gated) };
  };
  await measure(willow.manager, ['ADMIN', 'MANAGER']); // warm
  for (const [who, person, readers] of [['who sees them', willow.manager, ['ADMIN', 'MANAGER']], ['from whom they are hidden', willow.manager, ['ADMIN']]] as const) {
    const { open, gated } = await measure(person, readers);
    t.comment(`list of 50, 20 gated fields, ${who}: ${gated.toFixed(2)} ms, ungated ${open.toFixed(2)} ms, ratio ${(gated / open).toFixed(3)}`);
    t.ok(gated > 0 && open > 0, 'measured');
  }
  await gates.switch('off');
  const off: number[] = [];
  for (let at = 0; at < ROUNDS; at += 1) off.push(await timed(willow.manager));
  t.comment(`the same list with the plugin off: ${median(off).toFixed(2)} ms`);
});
