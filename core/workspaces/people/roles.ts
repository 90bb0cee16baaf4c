import type { Role } from '../../db/scope.ts';

/** As people read them; what each may do stands in core/access/capabilities.ts. */
export const ROLE_OPTIONS: readonly { value: Role; label: string; hint: string }[] = [
  { value: 'ADMIN', label: 'Administrator', hint: 'People, settings and every contact.' },
  { value: 'MANAGER', label: 'Manager', hint: 'Every contact, merges and exports.' },
  { value: 'AGENT', label: 'Agent', hint: 'Own and shared contacts.' },
  { value: 'READONLY', label: 'Read only', hint: 'Reads every contact, writes nothing.' },
];

export function roleLabel(role: string): string {
  return ROLE_OPTIONS.find(({ value }) => value === role)?.label ?? role;
}
