import type { ClinicalHistory } from './history.ts';
import type { Sex } from './names.ts';
import type { Address, PracticeProfile } from './places.ts';

/** What the generator yields: plain objects, days as `YYYY-MM-DD`, instants as ISO 8601 UTC, phones as E.164, languages as BCP 47. */
export type DemoPractice = {
  profile: PracticeProfile;
  patients: DemoPatient[];
  appointments: DemoAppointment[];
};

export type DemoStaff = { id: string; role: 'ADMIN' | 'MANAGER' | 'AGENT' | 'READONLY' };

export type Lifecycle = 'new' | 'active' | 'inactive' | 'deceased' | 'merged';
export type Channel = 'phone' | 'sms' | 'email' | 'portal' | 'mail';

export type DemoPatient = {
  /** Stable within a practice and seed: `p0001`. */
  key: string;
  mrn: string;
  identifiers: { type: 'MR'; system: string; value: string }[];
  name: { given: string; middle: string | null; family: string; suffix: string | null; preferred: string | null };
  sex: Sex;
  gender: 'female' | 'male' | 'non-binary' | 'transgender-female' | 'transgender-male';
  birthDate: string;
  deceasedDate: string | null;
  phones: { use: 'mobile' | 'home' | 'work'; value: string; isPrimary: boolean }[];
  emails: { use: 'home' | 'work'; value: string; isPrimary: boolean }[];
  address: Address;
  language: string;
  channel: Channel;
  tags: string[];
  status: Lifecycle;
  /** Key of the surviving record, for status `merged`. */
  mergedInto: string | null;
  /** Key of the record this one repeats by mistake, waiting for somebody to merge them. */
  duplicateOf: string | null;
  ownerId: string;
  notes: string | null;
  registeredOn: string;
  history: ClinicalHistory;
  activities: DemoActivity[];
};

export type DemoActivity = {
  kind: 'call' | 'note' | 'task' | 'letter';
  at: string;
  authorId: string;
  subject: string;
  body: string;
  /** Tasks only. */
  dueOn: string | null;
  /** Tasks only; null while open. */
  doneAt: string | null;
};

/** Status in the words of FHIR R4 AppointmentStatus. */
export type AppointmentStatus = 'booked' | 'arrived' | 'fulfilled' | 'cancelled' | 'noshow';

export type DemoAppointment = {
  patientKey: string;
  practitionerId: string;
  startsAt: string;
  endsAt: string;
  timeZone: string;
  status: AppointmentStatus;
  reason: string;
};
