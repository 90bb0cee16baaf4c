import { blindIndex } from './blind-index.ts';
import { aadOf, openBytes, sealEach, type Place, type SymmetricKey } from './envelope.ts';
import { fault } from '../errors.ts';

/** A workspace's opened keys. Values are sealed under the active data key; older versions still open; tags come from every live index key. */
export type KeyVersion = { readonly version: number; readonly status: 'active' | 'decrypt'; readonly bytes: Buffer };

export class WorkspaceKeys {
  readonly workspaceId: string;
  readonly dataVersion: number;
  readonly indexVersion: number;
  readonly #newest: number;
  readonly #sealing: SymmetricKey;
  readonly #data: ReadonlyMap<string, Buffer>;
  readonly #index: readonly KeyVersion[];
  readonly #onEncrypt: () => void;

  /** `onEncrypt` is told of every encryption, so that uses of a key can be counted. */
  constructor(workspaceId: string, data: readonly KeyVersion[], index: readonly KeyVersion[], onEncrypt: () => void) {
    const active = data.find((key) => key.status === 'active');
    const indexing = index.find((key) => key.status === 'active');
    if (active === undefined || indexing === undefined) throw new Error(`Workspace ${workspaceId} has no active key.`);
    this.workspaceId = workspaceId;
    this.dataVersion = active.version;
    this.#newest = Math.max(...data.map(({ version }) => version));
    this.indexVersion = indexing.version;
    this.#sealing = { id: `d${active.version}`, bytes: active.bytes };
    this.#data = new Map(data.map((key) => [`d${key.version}`, key.bytes]));
    this.#index = [indexing, ...index.filter((key) => key !== indexing)];
    this.#onEncrypt = onEncrypt;
  }

  /** Id that sealed values carry now; a value under another one is due for re-encryption. */
  get sealingKeyId(): string {
    return this.#sealing.id;
  }

  seal(plaintext: string | Uint8Array, place: Omit<Place, 'workspaceId'>): string {
    return this.sealEach([{ plaintext, place }])[0] as string;
  }

  /** Several values at once, which costs less; in their order. */
  sealEach(values: readonly { readonly plaintext: string | Uint8Array; readonly place: Omit<Place, 'workspaceId'> }[]): string[] {
    for (let nth = 0; nth < values.length; nth++) this.#onEncrypt();
    return sealEach(this.#sealing, values.map(({ plaintext, place }) => ({
      plaintext: typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext, aad: aadOf({ ...place, workspaceId: this.workspaceId }),
    })));
  }

  /**
   * @throws EnvelopeError · Fault key.rotated for a value under a later version than was known when the transaction began: it has gone on for
   * longer than a new version waits before it seals. Reading it would take another ring, and one transaction has one; the next begins with it.
   */
  open(sealed: string, place: Omit<Place, 'workspaceId'>): Buffer {
    return openBytes((id) => this.#data.get(id) ?? this.#missing(id), sealed, aadOf({ ...place, workspaceId: this.workspaceId }));
  }

  #missing(id: string): undefined {
    if (Number(/^d([1-9]\d*)$/.exec(id)?.[1] ?? 0) > this.#newest) throw fault('key.rotated', { retryAfterS: 1 });
  }

  /**
   * Blind index of one normalised term: HMAC-SHA-256 under the active index key, cut to 64 bits as PostgreSQL bigint text. `domain` keeps
   * equal terms of different kinds apart. Equal terms of one workspace give equal tags (that is the documented leakage); across workspaces
   * they do not.
   */
  tag(domain: string, term: string): string {
    return blindIndex((this.#index[0] as KeyVersion).bytes, domain, term);
  }

  /** The same term's tags under every live index key: while keys rotate, rows of both versions must be found. */
  tags(domain: string, term: string): string[] {
    return this.#index.map((key) => blindIndex(key.bytes, domain, term));
  }
}
