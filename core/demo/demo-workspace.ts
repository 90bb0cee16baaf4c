import type { Designation, Role } from '../db/scope.ts';

/** One of the demo's practices as those see it who furnish it: plugins, by their contract. */
export type DemoWorkspace = {
  /** `willow` or `harbor`. */
  readonly slug: string;
  readonly name: string;
  /** IANA. */
  readonly timeZone: string;
  /** One of each role, and a security officer. */
  readonly people: readonly { readonly id: string; readonly name: string; readonly role: Role; readonly designations: readonly Designation[] }[];
};
