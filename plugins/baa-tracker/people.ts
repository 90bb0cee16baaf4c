import { fault, User, type Tx } from '../../core/plugin.ts';

/** Who may keep the register, and so own something in it: administrators and security officers (declared.ts says the same of capabilities). */
export type Keeper = { readonly id: string; readonly name: string; readonly isOfficer: boolean };

export async function keepersOf(tx: Tx): Promise<Keeper[]> {
  const people = await User.query(tx).where({ status: 'active' }).orderBy('name');
  return people.flatMap(({ id, name, role, designations }) => {
    const isOfficer = designations.includes('SECURITY_OFFICER');
    return isOfficer || role === 'ADMIN' ? [{ id, name, isOfficer }] : [];
  });
}

/** @throws Fault request.invalid at `ownerId` for anybody else, also of another workspace */
export async function requireKeeper(tx: Tx, id: string): Promise<void> {
  if (!(await keepersOf(tx)).some((keeper) => keeper.id === id)) throw fault('request.invalid', { fields: [{ path: 'ownerId', text: 'choose an administrator or a security officer' }] });
}

/** Names of everybody, those who left too, for what they once did. */
export async function namesOf(tx: Tx): Promise<ReadonlyMap<string, string>> {
  return new Map((await User.query(tx).select('id', 'name')).map(({ id, name }) => [id, name]));
}

/** A person acts in their own name; what only people do is not for service accounts. */
export function personOf({ scope: { actor } }: Tx): { id: string; name: string } {
  if (actor.kind !== 'user' || actor.id === null) throw fault('access.denied');
  return { id: actor.id, name: actor.name ?? '' };
}
