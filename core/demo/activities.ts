import { addDays, daysBetween, nextWorkday, type WallClock } from './calendar.ts';
import type { ClinicalHistory } from './history.ts';
import type { DemoActivity } from './practice.ts';
import type { Random } from './random.ts';

type Setting = { random: Random; clock: WallClock; authors: readonly string[]; from: string; until: string; today: string; history: ClinicalHistory; isLiving: boolean };
type Text = readonly [subject: string, body: string];

const CALLS: readonly Text[] = [
  ['Appointment reminder', 'Reached by phone; confirmed date and time.'],
  ['Left a message', 'No answer. Left a message asking to call back, no details given.'],
  ['Question about lab results', 'Asked when results will be ready. Told two to three working days.'],
  ['Wants to reschedule', 'Works mornings; offered afternoon times next week.'],
  ['Transportation', 'Has no ride on Thursdays; asked for another weekday.'],
];
const NOTES: readonly Text[] = [
  ['Front desk', 'Updated address and emergency contact at check-in.'],
  ['Interpreter', 'Prefers a family member on the phone when documents are explained.'],
  ['After the visit', 'Understood the plan; written instructions handed over.'],
  ['Preference', 'Prefers the earliest time of the day.'],
  ['Pharmacy', 'Changed pharmacy to the one on Main Street.'],
];
const TASKS: readonly Text[] = [
  ['Call with lab results', 'Results are back; call and document.'],
  ['Send referral', 'Send the referral with the latest note attached.'],
  ['Request outside records', 'Ask the previous practice for records of the last two years.'],
  ['Schedule follow-up', 'Follow-up in three months as discussed.'],
  ['Complete school form', 'Form left at the front desk; needs a signature.'],
  ['Prior authorization', 'Plan asks for prior authorization; submit chart notes.'],
];
const LETTERS: readonly Text[] = [
  ['Recall for annual visit', 'Our records show that your annual visit is due. Please call us to find a time.'],
  ['Results letter', 'Your recent results are in the expected range. No change to your treatment is needed.'],
  ['Work excuse', 'Please excuse the absence on the day of the visit for medical reasons.'],
];

/** Calls, notes, letters and tasks about one patient, old to new. Open tasks lie around `today`: some late, some ahead. */
export function makeActivities(setting: Setting): DemoActivity[] {
  const { random, from, until, today } = setting;
  const span = daysBetween(from, until);
  const count = Math.min(9, random.int(0, 2) + Math.round(span / 330));
  const out: DemoActivity[] = [];
  for (let index = 0; index < count; index++) {
    const day = nextWorkday(addDays(until, -Math.floor(Math.min(span, 1400) * random.fraction() ** 1.6)));
    if (day <= until && day < today) out.push(makeActivity(setting, day));
  }
  if (setting.isLiving && random.chance(0.22)) out.push(openTask(setting));
  return out.sort((a, b) => a.at.localeCompare(b.at));
}

function makeActivity(setting: Setting, day: string): DemoActivity {
  const { random, clock, history } = setting;
  const kind = random.weighted([['call', 5], ['note', 4], ['task', 3], ['letter', 2]] as const);
  const drug = history.medications.filter((each) => each.startDate <= day && (each.endDate ?? day) >= day).at(-1);
  const [subject, body] = kind === 'call' && drug && random.chance(0.4)
    ? ['Refill request', `Asks for a refill of ${drug.name.replace(/ (Oral|Metered|Topical|Dry|Delayed) .*/, '')}.`] as const
    : random.pick({ call: CALLS, note: NOTES, task: TASKS, letter: LETTERS }[kind]);
  const minute = random.int(8 * 60, 17 * 60);
  const at = clock.instant(day, minute);
  if (kind !== 'task') return { kind, at, authorId: random.pick(setting.authors), subject, body, dueOn: null, doneAt: null };
  const dueOn = nextWorkday(addDays(day, random.int(2, 14)));
  const doneOn = nextWorkday(addDays(day, random.int(1, 9)));
  const isDone = doneOn < setting.today;
  return { kind, at, authorId: random.pick(setting.authors), subject, body, dueOn, doneAt: isDone ? clock.instant(doneOn, minute) : null };
}

function openTask({ random, clock, authors, today, from }: Setting): DemoActivity {
  const [subject, body] = random.pick(TASKS);
  const writtenOn = addDays(today, -random.int(1, Math.max(1, Math.min(12, daysBetween(from, today)))));
  const dueOn = nextWorkday(addDays(today, random.weighted([[-4, 1], [-1, 1], [0, 2], [1, 2], [5, 3], [12, 2]] as const)));
  return { kind: 'task', at: clock.instant(writtenOn, random.int(8 * 60, 17 * 60)), authorId: random.pick(authors), subject, body, dueOn, doneAt: null };
}
