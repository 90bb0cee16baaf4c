import type { Random } from './random.ts';

export type City = { city: string; state: string; postalCode: string };
export type Address = { line1: string; line2: string | null; city: string; state: string; postalCode: string; country: 'US' };

export type PracticeProfile = {
  slug: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  address: Address;
  phone: string;
  /** Assigning authority of the record numbers, under HL7's arc for examples (2.16.840.1.113883.19). */
  oid: string;
  mrnPrefix: string;
  /** Real area codes; the numbers under them are the reserved 555-0100 to 555-0199 (NANPA, fictional use). */
  areaCodes: readonly string[];
  cities: readonly City[];
};

const OREGON: readonly City[] = [
  { city: 'Portland', state: 'OR', postalCode: '97214' },
  { city: 'Portland', state: 'OR', postalCode: '97202' },
  { city: 'Portland', state: 'OR', postalCode: '97217' },
  { city: 'Beaverton', state: 'OR', postalCode: '97005' },
  { city: 'Gresham', state: 'OR', postalCode: '97030' },
  { city: 'Tigard', state: 'OR', postalCode: '97223' },
  { city: 'Milwaukie', state: 'OR', postalCode: '97222' },
  { city: 'Oregon City', state: 'OR', postalCode: '97045' },
  { city: 'Hillsboro', state: 'OR', postalCode: '97123' },
  { city: 'Vancouver', state: 'WA', postalCode: '98660' },
];

const MASSACHUSETTS: readonly City[] = [
  { city: 'Boston', state: 'MA', postalCode: '02118' },
  { city: 'Dorchester', state: 'MA', postalCode: '02124' },
  { city: 'Cambridge', state: 'MA', postalCode: '02139' },
  { city: 'Somerville', state: 'MA', postalCode: '02143' },
  { city: 'Quincy', state: 'MA', postalCode: '02169' },
  { city: 'Brookline', state: 'MA', postalCode: '02446' },
  { city: 'Malden', state: 'MA', postalCode: '02148' },
  { city: 'Revere', state: 'MA', postalCode: '02151' },
  { city: 'Chelsea', state: 'MA', postalCode: '02150' },
  { city: 'Lynn', state: 'MA', postalCode: '01902' },
];

const WILLOW: PracticeProfile = {
  slug: 'willow',
  name: 'Willow Creek Family Clinic',
  timeZone: 'America/Los_Angeles',
  address: { line1: '2150 Willow Creek Road', line2: null, city: 'Portland', state: 'OR', postalCode: '97214', country: 'US' },
  phone: '+15035550100',
  oid: '2.16.840.1.113883.19.71.1',
  mrnPrefix: 'WIL',
  areaCodes: ['503', '971', '541', '458', '360'],
  cities: OREGON,
};

const HARBOR: PracticeProfile = {
  slug: 'harbor',
  name: 'Harbor Point Hospital',
  timeZone: 'America/New_York',
  address: { line1: '40 Harbor Point Boulevard', line2: null, city: 'Boston', state: 'MA', postalCode: '02118', country: 'US' },
  phone: '+16175550100',
  oid: '2.16.840.1.113883.19.71.2',
  mrnPrefix: 'HAR',
  areaCodes: ['617', '857', '781', '339', '978'],
  cities: MASSACHUSETTS,
};

/** The two practices of the demo; any other slug borrows Willow's surroundings under its own name and numbers. */
export function practiceProfile(slug: string): PracticeProfile {
  if (slug === 'willow') return WILLOW;
  if (slug === 'harbor') return HARBOR;
  const name = slug.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
  const arc = [...slug].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000_007, 7);
  return { ...WILLOW, slug, name: `${name} Practice`, oid: `2.16.840.1.113883.19.72.${arc}`, mrnPrefix: slug.slice(0, 3).toUpperCase() };
}

const STREETS = [
  'Alder Street', 'Ash Street', 'Belmont Street', 'Birch Lane', 'Cedar Avenue', 'Chestnut Street', 'Clover Court', 'Division Street',
  'Elm Street', 'Fern Street', 'Foster Road', 'Garden Street', 'Hawthorne Avenue', 'Highland Avenue', 'Juniper Way', 'Lake Street',
  'Linden Avenue', 'Main Street', 'Maple Street', 'Mill Road', 'Oak Street', 'Orchard Road', 'Park Avenue', 'Pine Street',
  'Prospect Street', 'River Road', 'School Street', 'Spring Street', 'Spruce Street', 'Summit Avenue', 'Union Street', 'Walnut Street',
];

export function makeAddress(random: Random, profile: PracticeProfile): Address {
  const line2 = random.chance(0.28) ? `${random.pick(['Apt', 'Unit', '#'])} ${random.int(1, 24)}${random.pick(['', '', 'A', 'B'])}` : null;
  return { line1: `${random.int(12, 9899)} ${random.pick(STREETS)}`, line2, ...random.pick(profile.cities), country: 'US' };
}

/**
 * Hands out each fictional number once while they last (100 per area code), so that a phone finds one household;
 * a practice with more phones than that starts over.
 */
export class PhoneBook {
  readonly #numbers: readonly string[];
  #next = 0;

  constructor(random: Random, profile: PracticeProfile) {
    const numbers: string[] = [];
    for (const area of profile.areaCodes) {
      for (let line = 1; line < 100; line++) numbers.push(`+1${area}55501${String(line).padStart(2, '0')}`);
    }
    this.#numbers = random.shuffled(numbers);
  }

  /** E.164. */
  take(): string {
    return this.#numbers[this.#next++ % this.#numbers.length] as string;
  }
}
