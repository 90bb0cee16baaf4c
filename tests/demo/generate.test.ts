import { isValidPhoneNumber } from 'libphonenumber-js';
import t, { type Test } from 'tap';
import { ageOn, isWeekend } from '../../core/demo/calendar.ts';
import { generatePractice, type PracticeRequest } from '../../core/demo/generate.ts';
import type { DemoPractice } from '../../core/demo/practice.ts';

const STAFF = [
  { id: 'admin', role: 'ADMIN' },
  { id: 'manager', role: 'MANAGER' },
  { id: 'agent-1', role: 'AGENT' },
  { id: 'agent-2', role: 'AGENT' },
  { id: 'reader', role: 'READONLY' },
] as const;
const request = (change: Partial<PracticeRequest> = {}): PracticeRequest => ({ seed: '1', slug: 'willow', patients: 200, today: '2026-03-04', staff: STAFF, ...change });
// Several seeds and days (a leap day and a Saturday among them): what is promised must not hang on one lucky throw.
const practices = [request(), request({ seed: 'b', slug: 'harbor', today: '2028-02-29' }), request({ seed: 'c', today: '2025-11-22' })]
  .map((each) => ({ ...each, practice: generatePractice(each) }));

t.test('the same seed gives the same practice, another seed or slug another', async (t) => {
  t.equal(JSON.stringify(generatePractice(request())), JSON.stringify(practices[0]?.practice));
  t.notSame(generatePractice(request({ seed: '2' })).patients[0]?.name, practices[0]?.practice.patients[0]?.name);
  t.equal(generatePractice(request({ patients: 0 })).patients.length, 0);
});

t.test('a faulty request is refused with the value', async (t) => {
  t.throws(() => generatePractice(request({ today: '2026-02-30' })), /2026-02-30/);
  t.throws(() => generatePractice(request({ patients: 1.5 })), /1\.5/);
  t.throws(() => generatePractice(request({ staff: [{ id: 'x', role: 'READONLY' }] })), /AGENT or MANAGER/);
});

for (const { slug, today, practice } of practices) {
  const { patients, appointments } = practice;

  t.test(`${slug} on ${today}: people`, async (t) => {
    t.equal(patients.length, 200);
    t.equal(new Set(patients.map((each) => each.mrn)).size, 200, 'record numbers are unique');
    for (const each of patients) {
      const age = ageOn(each.birthDate, today);
      if (age < 0 || age > 105) t.fail(`${each.key} is ${age} years old`);
      if (each.registeredOn < each.birthDate || each.registeredOn > today) t.fail(`${each.key} registered ${each.registeredOn}`);
      if ((each.status === 'deceased') !== (each.deceasedDate !== null)) t.fail(`${each.key} deceased without a date`);
      if (!each.phones.every((phone) => /^\+1\d{3}55501\d\d$/.test(phone.value) && isValidPhoneNumber(phone.value))) t.fail(`${each.key} phone`);
      if (each.phones.filter((phone) => phone.isPrimary).length !== 1) t.fail(`${each.key} needs one primary phone`);
      if (!each.emails.every((email) => /^[a-z0-9.]+@(example\.(com|net|org)|work\.example)$/.test(email.value))) t.fail(`${each.key} ${each.emails[0]?.value}`);
      if (!STAFF.some((person) => person.id === each.ownerId && (person.role === 'AGENT' || person.role === 'MANAGER'))) t.fail(`${each.key} owner`);
    }
    const minors = patients.filter((each) => ageOn(each.birthDate, today) < 18).length;
    const old = patients.filter((each) => ageOn(each.birthDate, today) >= 65).length;
    t.ok(minors > 20 && minors < 70 && old > 20 && old < 70, `${minors} minors, ${old} over 65`);
    t.ok(new Set(patients.map((each) => each.name.family)).size > 60, 'many families');
    t.ok(new Set(patients.map((each) => each.language)).size >= 4, 'several languages');
    for (const status of ['new', 'active', 'inactive', 'deceased', 'merged']) t.ok(patients.some((each) => each.status === status), status);
  });

  t.test(`${slug} on ${today}: duplicates`, async (t) => {
    const byKey = new Map(patients.map((each) => [each.key, each]));
    const waiting = patients.filter((each) => each.duplicateOf);
    t.ok(waiting.length >= 3, `${waiting.length} wait to be merged`);
    for (const each of patients.filter((one) => one.mergedInto ?? one.duplicateOf)) {
      const original = byKey.get(each.mergedInto ?? each.duplicateOf ?? '');
      t.equal(original?.status, 'active', `${each.key} repeats an active record`);
      t.equal(original?.sex, each.sex);
      t.equal(original?.birthDate.slice(0, 4), each.birthDate.slice(0, 4));
    }
  });

  t.test(`${slug} on ${today}: appointments`, async (t) => {
    const perPractitioner = Map.groupBy(appointments, (each) => each.practitionerId);
    for (const [practitioner, list] of perPractitioner) {
      const clash = list.find((each, index) => index > 0 && each.startsAt < (list[index - 1]?.endsAt ?? ''));
      t.notOk(clash, `${practitioner} is in one place at a time`);
    }
    const zone = practice.profile.timeZone;
    const wall = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' });
    for (const each of appointments) {
      const [day = '', time = ''] = wall.format(new Date(each.startsAt)).split(', ');
      if (time < '08:00' || time >= '17:00' || (isWeekend(day) && day !== today)) t.fail(`${each.startsAt} is ${day} ${time} there`);
      if (day < today !== ['fulfilled', 'noshow'].includes(each.status) && each.status !== 'cancelled') t.fail(`${day} ${each.status}`);
      if (patients.find((one) => one.key === each.patientKey)?.status === 'deceased' && day > today) t.fail('the dead have no appointments ahead');
    }
    const days = appointments.map((each) => wall.format(new Date(each.startsAt)).slice(0, 10));
    t.ok(days.filter((day) => day === today).length >= 3, 'something today');
    t.ok(days.filter((day) => day > today).length >= 25, 'something ahead');
    t.ok(days.filter((day) => day < today).length >= 200, 'much behind');
  });

  t.test(`${slug} on ${today}: activities`, async (t) => {
    const all = patients.flatMap((each) => each.activities);
    const open = all.filter((each) => each.kind === 'task' && each.doneAt === null);
    t.ok(all.length > 600, `${all.length} activities`);
    t.ok(open.some((each) => (each.dueOn ?? '') < today) && open.some((each) => (each.dueOn ?? '') > today), 'tasks late and tasks ahead');
    t.notOk(all.some((each) => each.at.slice(0, 10) > today || (each.doneAt ?? '').slice(0, 10) > today), 'none in the future');
    t.ok(all.every((each) => (each.kind === 'task') === (each.dueOn !== null)), 'only tasks are due');
  });

  t.test(`${slug} on ${today}: histories make sense`, async (t) => checkHistories(t, practice, today));
}

function checkHistories(t: Test, { patients }: DemoPractice, today: string): void {
  const faults: string[] = [];
  for (const { key, sex, birthDate, deceasedDate, history } of patients) {
    const end = deceasedDate ?? today;
    const dates = [
      ...history.conditions.flatMap((each) => [each.onsetDate, each.resolvedDate]), ...history.medications.flatMap((each) => [each.startDate, each.endDate]),
      ...history.allergies.map((each) => each.onsetDate), ...history.immunizations.map((each) => each.date), ...history.panels.map((each) => each.date),
      ...history.vitals.map((each) => each.date), ...history.procedures.map((each) => each.date), ...history.encounters.map((each) => each.date),
    ].filter((date) => date !== null);
    for (const date of dates) if (date < birthDate || date > end) faults.push(`${key}: ${date} is outside ${birthDate} to ${end}`);
    for (const { name, onsetDate, resolvedDate } of history.conditions) {
      if (sex === 'male' && /Osteoporosis|Urinary tract/.test(name)) faults.push(`${key}: ${name} in a man`);
      if (sex === 'female' && /prostatic/.test(name)) faults.push(`${key}: ${name} in a woman`);
      if (ageOn(birthDate, onsetDate) < 25 && /hypertension|diabetes|Heart|kidney/i.test(name)) faults.push(`${key}: ${name} too young`);
      if (resolvedDate !== null && resolvedDate < onsetDate) faults.push(`${key}: ${name} ends before it begins`);
    }
    for (const drug of history.medications) {
      if (!history.conditions.some((each) => each.snomed === drug.reasonSnomed)) faults.push(`${key}: ${drug.name} without a reason`);
      if (/amoxicillin/.test(drug.name) && history.allergies.some((each) => /Penicillin/.test(each.substance.name))) faults.push(`${key}: amoxicillin in spite of an allergy`);
      if (drug.endDate !== null && drug.endDate < drug.startDate) faults.push(`${key}: ${drug.name} ends before it begins`);
    }
    for (const { heightCm, weightKg, systolic, diastolic, bmi, temperatureC, oxygenSaturation, date } of history.vitals) {
      const isAdult = ageOn(birthDate, date) >= 20;
      if (isAdult && (heightCm < 135 || heightCm > 210 || weightKg < 35 || weightKg > 200)) faults.push(`${key}: ${heightCm} cm, ${weightKg} kg`);
      if (systolic !== null && diastolic !== null && (systolic < 70 || systolic > 210 || diastolic < 35 || diastolic >= systolic)) faults.push(`${key}: ${systolic}/${diastolic}`);
      if (bmi !== null && Math.abs(bmi - weightKg / (heightCm / 100) ** 2) > 0.06) faults.push(`${key}: BMI ${bmi}`);
      if (temperatureC < 35.5 || temperatureC > 40 || oxygenSaturation < 85 || oxygenSaturation > 100) faults.push(`${key}: ${temperatureC} °C, ${oxygenSaturation} %`);
    }
    const heights = history.vitals.filter((each) => ageOn(birthDate, each.date) < 20).map((each) => each.heightCm);
    if (heights.some((height, index) => index > 0 && height < (heights[index - 1] ?? 0))) faults.push(`${key}: a child that shrinks`);
    for (const lipids of history.panels.filter((each) => each.loinc === '24331-1')) {
      const [total = 0, triglycerides = 0, hdl = 0, ldl = 0] = lipids.results.map((each) => each.value);
      if (Math.abs(total - hdl - triglycerides / 5 - ldl) > 1) faults.push(`${key}: lipids do not add up`);
    }
  }
  t.same(faults, []);
  t.ok(patients.some((each) => each.history.panels.some((panel) => panel.loinc === '4548-4' && panel.results.some((result) => result.value > 6.5))), 'diabetics have raised HbA1c');
}

t.test('two hundred patients take less than 300 ms of a processor', async (t) => {
  const times = [1, 2, 3].map(() => {
    const start = process.cpuUsage(); // not the clock: other tests run beside this one
    generatePractice(request());
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  t.ok(Math.min(...times) < 300, times.map((ms) => `${ms.toFixed(0)} ms`).join(', '));
});
