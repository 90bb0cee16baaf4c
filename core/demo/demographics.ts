import { addDays, ageOn, daysBetween } from './calendar.ts';
import { nicknameOf, pickGiven, pickHeritage, pickOtherFamily, type Heritage, type Sex } from './names.ts';
import { makeAddress, type Address, type PhoneBook, type PracticeProfile } from './places.ts';
import type { Channel, DemoPatient } from './practice.ts';
import type { Random } from './random.ts';

export type Demographics = Pick<
  DemoPatient,
  'name' | 'sex' | 'gender' | 'birthDate' | 'phones' | 'emails' | 'address' | 'language' | 'channel'
>;

type Home = { heritage: Heritage; address: Address; landline: string | null };

/** One household of one to five people who share an address, mostly a name, and the children their parent's phone. */
export function makeHousehold(random: Random, profile: PracticeProfile, phones: PhoneBook, today: string): Demographics[] {
  const shape = random.weighted([['single', 46], ['couple', 28], ['family', 13], ['single-parent', 5]] as const);
  const age = pickAdultAge(random, shape);
  const heritage = pickHeritage(random);
  const home: Home = { heritage, address: makeAddress(random, profile), landline: age > 55 && random.chance(0.7) ? phones.take() : null };
  const sex: Sex = random.chance(0.53) ? 'female' : 'male';
  const head = makePerson(random, home, phones, today, { sex, age });
  if (shape === 'single') return [head];

  const people = [head];
  if (shape !== 'single-parent') {
    const spouseSex: Sex = random.chance(0.06) ? sex : sex === 'female' ? 'male' : 'female';
    const spouse = makePerson(random, home, phones, today, { sex: spouseSex, age: Math.max(20, age + random.int(-5, 5)) });
    if (random.chance(0.25)) spouse.name.family = pickOtherFamily(random, heritage);
    people.push(spouse);
  }
  if (shape === 'couple') return people;

  // The mother's age bounds the children's: none born before she was 19 nor after 44.
  const mother = people.find((person) => person.sex === 'female') ?? head;
  const motherAge = ageOn(mother.birthDate, today);
  for (let left = random.int(1, 3); left > 0; left--) {
    const childAge = random.int(Math.max(0, motherAge - 44), Math.min(17, motherAge - 19));
    people.push(makePerson(random, home, phones, today, { sex: random.chance(0.51) ? 'male' : 'female', age: childAge, guardian: head }));
  }
  return people;
}

function pickAdultAge(random: Random, shape: 'single' | 'couple' | 'family' | 'single-parent'): number {
  if (shape === 'family' || shape === 'single-parent') return random.int(24, 51);
  const [low, high] = random.weighted([[[19, 34], 21], [[35, 49], 17], [[50, 64], 25], [[65, 79], 27], [[80, 96], 10]] as const);
  return random.int(low, high);
}

type Person = { sex: Sex; age: number; guardian?: Demographics };

function makePerson(random: Random, home: Home, phones: PhoneBook, today: string, { sex, age, guardian }: Person): Demographics {
  const birthDate = pickBirthDate(random, age, today);
  const year = Number(birthDate.slice(0, 4));
  const { heritage } = home;
  const given = pickGiven(random, heritage, sex, year);
  const otherGiven = pickGiven(random, heritage, sex, year);
  const name = {
    given,
    middle: random.chance(0.35) && otherGiven !== given ? otherGiven : null,
    family: random.chance(0.04) ? `${heritage.family}-${pickOtherFamily(random, heritage)}` : heritage.family,
    suffix: sex === 'male' && random.chance(0.03) ? random.pick(['Jr.', 'III']) : null,
    preferred: random.chance(0.2) ? nicknameOf(given) : null,
  };
  const person: Demographics = {
    name,
    sex,
    gender: age >= 14 && random.chance(0.015) ? random.pick(['non-binary', sex === 'male' ? 'transgender-female' : 'transgender-male']) : sex,
    birthDate,
    address: home.address,
    language: heritage.language,
    phones: guardian ? guardian.phones.slice(0, 1).map((phone) => ({ ...phone })) : pickPhones(random, home, phones, age),
    emails: guardian ? guardian.emails.slice(0, 1).map((email) => ({ ...email })) : pickEmails(random, name, age, year),
    channel: 'phone',
  };
  person.channel = pickChannel(random, person, age);
  return person;
}

/** A birthday such that the person has completed exactly `age` years on `today`. */
function pickBirthDate(random: Random, age: number, today: string): string {
  const latest = `${Number(today.slice(0, 4)) - age}${today.slice(4)}`;
  const earliest = `${Number(today.slice(0, 4)) - age - 1}${today.slice(4)}`;
  // addDays also turns a 29 February of a common year into 1 March, one day too young.
  const day = addDays(latest, -random.int(1, daysBetween(earliest, latest) - 2));
  return ageOn(day, today) === age ? day : addDays(day, -2);
}

function pickPhones(random: Random, home: Home, phones: PhoneBook, age: number): Demographics['phones'] {
  const out: Demographics['phones'] = [];
  if (random.chance(age > 80 ? 0.55 : 0.96)) out.push({ use: 'mobile', value: phones.take(), isPrimary: true });
  if (home.landline) out.push({ use: 'home', value: home.landline, isPrimary: out.length === 0 });
  if (age < 67 && random.chance(0.14)) out.push({ use: 'work', value: phones.take(), isPrimary: out.length === 0 });
  return out.length > 0 ? out : [{ use: 'home', value: phones.take(), isPrimary: true }];
}

/** Addresses under the domains reserved for examples (RFC 2606 §3): no mail can ever reach anyone. */
function pickEmails(random: Random, name: Demographics['name'], age: number, year: number): Demographics['emails'] {
  if (!random.chance(age > 80 ? 0.4 : age > 65 ? 0.75 : 0.94)) return [];
  const given = plain(name.given);
  const family = plain(name.family);
  const local = random.pick([`${given}.${family}`, `${given}${family}${year % 100}`, `${given.charAt(0)}${family}${random.int(1, 99)}`, `${family}.${given}`]);
  const emails: Demographics['emails'] = [{ use: 'home', value: `${local}@${random.pick(['example.com', 'example.net', 'example.org'])}`, isPrimary: true }];
  if (age < 67 && random.chance(0.12)) emails.push({ use: 'work', value: `${given.charAt(0)}.${family}@work.example`, isPrimary: false });
  return emails;
}

function pickChannel(random: Random, person: Demographics, age: number): Channel {
  const hasMobile = person.phones.some((phone) => phone.use === 'mobile');
  const hasEmail = person.emails.length > 0;
  const young = age < 65;
  return random.weighted([
    ['phone', young ? 3 : 6],
    ['mail', young ? 0.3 : 2],
    ['sms', hasMobile ? (young ? 5 : 2) : 0],
    ['email', hasEmail ? 3 : 0],
    ['portal', hasEmail ? (young ? 4 : 2) : 0],
  ] as const);
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/đ/gi, 'd').replace(/[^a-z]/gi, '').toLowerCase();
}
