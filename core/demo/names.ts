import type { Random } from './random.ts';

export type Sex = 'female' | 'male';

/** A background: given and family names that go together, and the languages (BCP 47) spoken at home with their weights. */
type Background = {
  weight: number;
  languages: readonly (readonly [string, number])[];
  /** [born before 1975, born since]. */
  female: readonly [readonly string[], readonly string[]];
  male: readonly [readonly string[], readonly string[]];
  family: readonly string[];
};

const BACKGROUNDS: readonly Background[] = [
  {
    weight: 48,
    languages: [['en', 1]],
    female: [
      ['Dorothy', 'Margaret', 'Barbara', 'Shirley', 'Carol', 'Patricia', 'Linda', 'Susan', 'Deborah', 'Karen', 'Lorraine', 'Joyce', 'Marjorie', 'Kathleen'],
      ['Jessica', 'Ashley', 'Megan', 'Lauren', 'Emily', 'Hannah', 'Olivia', 'Emma', 'Charlotte', 'Harper', 'Chloe', 'Abigail', 'Molly', 'Hazel', 'Nora'],
    ],
    male: [
      ['Robert', 'William', 'Harold', 'Donald', 'Gerald', 'Kenneth', 'Raymond', 'Walter', 'Thomas', 'Richard', 'Dennis', 'Gary', 'Stanley', 'Russell'],
      ['Christopher', 'Matthew', 'Ryan', 'Tyler', 'Andrew', 'Connor', 'Liam', 'Noah', 'Oliver', 'Owen', 'Henry', 'Wyatt', 'Theodore', 'Caleb', 'Ethan'],
    ],
    family: [
      'Adams', 'Baker', 'Bennett', 'Brooks', 'Campbell', 'Clark', 'Collins', 'Cooper', 'Doyle', 'Edwards', 'Fischer', 'Foster', 'Gallagher', 'Graham',
      'Hansen', 'Hughes', 'Jensen', 'Keller', 'Larson', 'MacKenzie', 'Meyer', 'Mitchell', 'Murphy', 'Nelson', 'O’Brien', 'Olson', 'Parker', 'Peterson',
      'Quinn', 'Reynolds', 'Rossi', 'Schmidt', 'Sullivan', 'Sutton', 'Taylor', 'Turner', 'Wagner', 'Walsh', 'Whitaker', 'Wood',
    ],
  },
  {
    weight: 17,
    languages: [['en', 5], ['es', 6]],
    female: [
      ['María', 'Guadalupe', 'Rosa', 'Carmen', 'Teresa', 'Esperanza', 'Yolanda', 'Graciela'],
      ['Sofía', 'Valentina', 'Camila', 'Ximena', 'Daniela', 'Lucía', 'Isabella', 'Mariana', 'Gabriela'],
    ],
    male: [
      ['José', 'Juan', 'Manuel', 'Francisco', 'Ramón', 'Arturo', 'Ernesto', 'Rafael'],
      ['Mateo', 'Santiago', 'Diego', 'Alejandro', 'Luis', 'Carlos', 'Emiliano', 'Javier', 'Adrián'],
    ],
    family: ['García', 'Hernández', 'Martínez', 'López', 'González', 'Ramírez', 'Torres', 'Flores', 'Vargas', 'Castillo', 'Morales', 'Ortiz', 'Delgado', 'Rojas', 'Peña'],
  },
  {
    weight: 12,
    languages: [['en', 1]],
    female: [
      ['Gloria', 'Bernice', 'Ernestine', 'Yvonne', 'Denise', 'Wanda', 'Loretta'],
      ['Keisha', 'Imani', 'Aaliyah', 'Jada', 'Nia', 'Kiara', 'Ebony', 'Zora'],
    ],
    male: [
      ['Clarence', 'Leroy', 'Willie', 'Curtis', 'Reginald', 'Cedric', 'Otis'],
      ['Malik', 'Darnell', 'Jamal', 'Andre', 'Isaiah', 'Xavier', 'Terrence', 'Elijah'],
    ],
    family: ['Washington', 'Jefferson', 'Booker', 'Coleman', 'Jackson', 'Robinson', 'Banks', 'Hayes', 'Gaines', 'Freeman', 'Dorsey', 'Bolden'],
  },
  {
    weight: 5,
    languages: [['en', 4], ['zh', 5]],
    female: [['Mei-Ling', 'Xiu Ying', 'Hui Min', 'Lihua'], ['Wei Ting', 'Jia Yi', 'Grace', 'Yuna', 'Vivian']],
    male: [['Jianguo', 'Wing Kei', 'Zhiming', 'Guowei'], ['Haoran', 'Jun', 'Kevin', 'Zi Han', 'Ming']],
    family: ['Chen', 'Wang', 'Li', 'Zhang', 'Liu', 'Huang', 'Wu', 'Lam', 'Chow'],
  },
  {
    weight: 5,
    languages: [['en', 4], ['vi', 5]],
    female: [['Thị Lan', 'Kim Hoa', 'Thu Hà', 'Bích'], ['Linh', 'Ngọc', 'Mai', 'Thảo', 'Kim']],
    male: [['Văn Hùng', 'Quang', 'Đức', 'Thanh'], ['Minh', 'Tuấn', 'Khoa', 'Bảo', 'Huy']],
    family: ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Võ', 'Đặng', 'Bùi'],
  },
  {
    weight: 5,
    languages: [['en', 7], ['hi', 2], ['gu', 1]],
    female: [['Lakshmi', 'Usha', 'Sunita', 'Kamala'], ['Priya', 'Ananya', 'Divya', 'Meera', 'Riya']],
    male: [['Ramesh', 'Suresh', 'Vijay', 'Ashok'], ['Arjun', 'Rohan', 'Aditya', 'Nikhil', 'Dev']],
    family: ['Patel', 'Sharma', 'Reddy', 'Iyer', 'Gupta', 'Nair', 'Singh', 'Desai'],
  },
  {
    weight: 3,
    languages: [['en', 5], ['ar', 4]],
    female: [['Fatima', 'Khadija', 'Samira', 'Nadia'], ['Layla', 'Yasmin', 'Amira', 'Noor']],
    male: [['Ibrahim', 'Mahmoud', 'Hassan', 'Khalil'], ['Omar', 'Yusuf', 'Karim', 'Zaid']],
    family: ['Haddad', 'Al-Masri', 'Khoury', 'Rahman', 'Nassar', 'El-Sayed'],
  },
  {
    weight: 3,
    languages: [['en', 5], ['ru', 3], ['uk', 2]],
    female: [['Galina', 'Lyudmila', 'Nina', 'Tamara'], ['Anastasia', 'Oksana', 'Daria', 'Kateryna']],
    male: [['Viktor', 'Boris', 'Anatoly', 'Vasyl'], ['Dmitri', 'Maksym', 'Alexei', 'Artem']],
    // The family name is kept in one form for all members, as US records mostly do.
    family: ['Ivanenko', 'Shevchenko', 'Kovalchuk', 'Melnyk', 'Bondarenko', 'Rudenko'],
  },
  {
    weight: 1,
    languages: [['en', 3], ['nv', 1]],
    female: [['Marie', 'Bessie'], ['Shaundeen', 'Kaya', 'Nizhoni']],
    male: [['Wilson', 'Emerson'], ['Shilah', 'Tyler', 'Darrell']],
    family: ['Begay', 'Yazzie', 'Tsosie', 'Benally'],
  },
  {
    weight: 1,
    languages: [['en', 3], ['so', 4]],
    female: [['Halima', 'Amina'], ['Hodan', 'Ifrah', 'Sagal']],
    male: [['Abdi', 'Ismail'], ['Liban', 'Abdirahman', 'Guled']],
    family: ['Warsame', 'Abdullahi', 'Jama', 'Farah'],
  },
];

/** One household's background: a family name, a home language, and given names that fit. */
export type Heritage = { family: string; language: string; background: Background };

export function pickHeritage(random: Random): Heritage {
  const background = random.weighted(BACKGROUNDS.map((each) => [each, each.weight] as const));
  return { background, family: random.pick(background.family), language: random.weighted(background.languages) };
}

export function pickGiven(random: Random, heritage: Heritage, sex: Sex, birthYear: number): string {
  return random.pick(heritage.background[sex][birthYear < 1975 ? 0 : 1]);
}

/** A maiden or partner's name out of the same background. */
export function pickOtherFamily(random: Random, heritage: Heritage): string {
  return random.pick(heritage.background.family.filter((name) => name !== heritage.family));
}

const NICKNAMES: Readonly<Record<string, string>> = {
  Dorothy: 'Dot', Margaret: 'Peggy', Barbara: 'Barb', Patricia: 'Pat', Linda: 'Lin', Susan: 'Sue', Deborah: 'Debbie', Kathleen: 'Kathy',
  Jessica: 'Jess', Emily: 'Em', Olivia: 'Liv', Charlotte: 'Charlie', Abigail: 'Abby', Robert: 'Bob', William: 'Bill', Harold: 'Harry',
  Donald: 'Don', Gerald: 'Jerry', Kenneth: 'Ken', Raymond: 'Ray', Walter: 'Walt', Thomas: 'Tom', Richard: 'Rick', Russell: 'Russ',
  Christopher: 'Chris', Matthew: 'Matt', Tyler: 'Ty', Andrew: 'Drew', Oliver: 'Ollie', Theodore: 'Teddy', Ethan: 'Eth',
  Guadalupe: 'Lupe', Francisco: 'Paco', 'José': 'Pepe', Manuel: 'Manny', Rafael: 'Rafa', Alejandro: 'Alex', Santiago: 'Santi',
  Valentina: 'Val', Gabriela: 'Gabi', Daniela: 'Dani', Isabella: 'Isa', Reginald: 'Reggie', Clarence: 'Clare', Terrence: 'Terry',
  Isaiah: 'Zay', Elijah: 'Eli', Anastasia: 'Nastya', Dmitri: 'Dima', Abdirahman: 'Abdi',
};

/** What friends and front desks say instead; null for a name that is not shortened. */
export function nicknameOf(given: string): string | null {
  return NICKNAMES[given] ?? null;
}
