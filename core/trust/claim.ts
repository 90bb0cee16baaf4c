import type { App } from '../app.ts';
import type { JsonValue, Scope } from '../db/scope.ts';

/**
 * A claim is a sentence a security officer may quote, and a function that proves it on this installation, now. A claim whose check cannot
 * fail is a defect: tests/trust breaks the subject of every claim and sees it fail.
 */
export type Claim = {
  /** `AUD-3`: stable, quoted in evidence and questionnaires. */
  readonly id: string;
  readonly title: string;
  readonly statement: string;
  readonly prove: (subject: Subject) => Promise<Proof>;
};

/** The installation and the workspace a claim is proved for. */
export type Subject = { readonly app: App; readonly workspaceId: string; /** The system, proving, in that workspace. */ readonly scope: Scope };

export type Evidence = { readonly [name: string]: JsonValue };
export type Proof = {
  readonly status: 'proved' | 'failing' | 'not_applicable';
  /** One sentence with the numbers in it; never PHI. */
  readonly summary: string;
  readonly evidence: Evidence;
};

export function claim(definition: Claim): Claim {
  return definition;
}

/** Proved when `holds`; the summary is the same place for good and bad news, so write one of each. */
export function verdict(holds: boolean, summary: { readonly proved: string; readonly failing: string }, evidence: Evidence): Proof {
  return { status: holds ? 'proved' : 'failing', summary: holds ? summary.proved : summary.failing, evidence };
}

export function notApplicable(summary: string): Proof {
  return { status: 'not_applicable', summary, evidence: {} };
}
