import { can } from '../../access/authorize.ts';
import type { Capability } from '../../access/capabilities.ts';
import { canonicalize } from '../../audit/canonical.ts';
import type { AuditEntry } from '../../audit/entry.ts';
import { isUuid } from '../../crypto/uuid.ts';
import type { Actor } from '../../db/scope.ts';
import { sidesOf, type ProvedEntry } from './read-entry.ts';
import { didWhat, whoDid } from './sentences.ts';
import { toHex } from '../../audit/primitives.ts';

/** Pages of targets, and who may open them. */
const TARGET_PAGES: Readonly<Record<string, readonly [path: string, capability: Capability]>> = {
  contact: ['/contacts', 'contact.read'],
  document: ['/documents', 'document.read'],
  import: ['/imports', 'document.import'],
  user: ['/admin/people', 'person.read'],
  audit_entry: ['/audit', 'audit.read'],
};
const OUTCOME_TONE: Readonly<Record<AuditEntry['outcome'], string>> = { ok: '', refused: 'bad', failed: 'warn' };

/** A line of the list. */
export function lineOf(entry: AuditEntry, viewer: Actor): object {
  const { seq, at, action, actor, target, ip, outcome } = entry;
  return { seq, at, who: whoDid(entry), did: didWhat(action), action, actorKind: actor.kind, actorId: actor.id, target: target?.id ?? null, targetType: target?.type.replaceAll('_', ' ') ?? null, targetShort: shortOf(target?.id ?? null), targetHref: hrefOf(target, viewer), ip, outcome, tone: OUTCOME_TONE[outcome] };
}

/** An entry opened in full. `named` turns marks of gated fields into names for those who see the fields; the canonical bytes stay as they were signed. */
export function entryView({ entry, body, hasNext }: ProvedEntry, viewer: Actor, named: (text: string) => string): object {
  return {
    ...lineOf(entry, viewer), id: entry.id, userAgent: entry.userAgent, requestId: entry.requestId, canonical: body,
    detail: Object.entries(entry.detail).map(([name, value]) => ({ name, value: named(typeof value === 'string' ? value : canonicalize(value ?? null)) })),
    previousHref: entry.seq > 1 ? `/audit/${entry.seq - 1}` : null, nextHref: hasNext ? `/audit/${entry.seq + 1}` : null,
  };
}

/** The proof card. */
export function proofView({ entry, hash, keyId, signature, failure, inclusion }: ProvedEntry): object {
  return {
    ok: failure === null, failure, hash, previousHash: entry.prev, signature, keyId,
    inclusion: inclusion === null ? null : {
      leafIndex: inclusion.leafIndex, treeSize: inclusion.treeSize, rootHash: toHex(inclusion.root), checkpoint: inclusion.checkpoint, checkpointAt: inclusion.checkpointAt,
      path: sidesOf(inclusion).map((side, at) => ({ side, hash: toHex(inclusion.path[at] as Uint8Array) })),
    },
    downloadHref: inclusion === null ? null : `/audit/${entry.seq}/proof.json`,
  };
}

/** What tells one id from another at a glance; the entry's page has the whole of it. */
function shortOf(id: string | null): string | null {
  return id !== null && isUuid(id) ? `…${id.slice(-12)}` : id;
}

function hrefOf(target: AuditEntry['target'], viewer: Actor): string | null {
  const page = target === null ? undefined : TARGET_PAGES[target.type];
  if (page === undefined || target?.id === null || target?.id === undefined || !can(viewer, page[1])) return null;
  return `${page[0]}/${encodeURIComponent(target.id)}`;
}
