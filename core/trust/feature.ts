import type { Request, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import { authorize } from '../access/authorize.ts';
import type { App } from '../app.ts';
import type { JsonValue } from '../db/scope.ts';
import { apiRoute, apiRoutes, type ApiRoute } from '../http/api/api-route.ts';
import { scopeOf } from '../http/credentials.ts';
import type { Feature } from '../http/feature.ts';
import { attest } from './attest.ts';
import type { SignedAttestation } from './attestation.ts';
import { noteServer } from './serving.ts';

/** The trust page: what this installation claims, proved when the page is asked for, and the same as a signed document. */
const GROUPS: readonly (readonly [prefixes: RegExp, title: string])[] = [
  [/^TEN-/, 'Workspaces are kept apart'], [/^(KEY|PHI)-/, 'Patient data is ciphertext under your keys'], [/^AUD-/, 'Every act is on the record'],
  [/^(MFA|SES|PWD|SIG|AUT)-/, 'Nobody is in without a second factor'], [/^(ACC|CAP)-/, 'Authority'], [/^DOC-/, 'Documents'], [/^(TLS|NET|HTTP)-/, 'Transport'], [/^LOG-/, 'Logs'], [/^BKP-/, 'Backups'], [/^PRG-/, 'The program itself'], [/^PLG-/, 'Plugins'], [/^/, 'Further claims'],
];

/** Proving costs a few hundred milliseconds of the database; a page that is reloaded shows the proof of less than this ago. */
const SHOWN_FOR_MS = 60_000;

const attestationSchema = Joi.object({
  attestation: Joi.object({
    installation: Joi.string().guid().required(), workspace: Joi.object({ id: Joi.string().guid().required(), slug: Joi.string().required() }).required(), version: Joi.string().required(), at: Joi.string().isoDate().required(),
    claims: Joi.array().items(Joi.object({
      id: Joi.string().required(), title: Joi.string().required(), statement: Joi.string().required(), status: Joi.string().valid('proved', 'failing', 'not_applicable').required(), summary: Joi.string().required(),
      evidence: Joi.object().unknown().required(), ms: Joi.number().required(),
    })).required(),
  }).required(),
  keyId: Joi.string().hex().length(16).required(), publicKey: Joi.string().base64().required(), signature: Joi.string().base64().required(),
});

const TRUST_API: readonly ApiRoute[] = [apiRoute({
  operation: 'attest', method: 'GET', path: '/trust', tag: 'Trust', capability: 'trust.read', summary: 'Every claim, proved now and signed',
  description: 'Ed25519 over `wardkeep-attestation-v1\\n` and the RFC 8785 bytes of `attestation`.',
  responses: { 200: { description: 'The signed attestation', name: 'Attestation', schema: attestationSchema } },
  process: async ({ app, scope }) => ({ body: await attest(app, scope) }),
})];

export const trustFeature: Feature = {
  name: 'wardkeep-trust',
  register(server, { app }) {
    noteServer(app, server);
    const shown = new Map<string, SignedAttestation>();
    server.route([
      ...apiRoutes(app, TRUST_API),
      {
        method: 'GET', path: '/trust',
        handler: async (request, h) => {
          const scope = scopeOf(request);
          await app.withWorkspace(scope, async (tx) => authorize(tx, 'trust.read')); // also for what was proved a moment ago
          const last = shown.get(`${scope.workspaceId} ${scope.actor.id}`);
          const signed = last !== undefined && Date.now() - Date.parse(last.attestation.at) < SHOWN_FOR_MS ? last : await attest(app, scope);
          shown.set(`${scope.workspaceId} ${scope.actor.id}`, signed);
          return h.page('trust/page', pageOf(signed));
        },
      },
      {
        method: 'POST', path: '/trust/check',
        handler: async (request, h) => {
          const scope = scopeOf(request);
          shown.set(`${scope.workspaceId} ${scope.actor.id}`, await attest(app, scope));
          return h.redirect('/trust').code(303);
        },
      },
      { method: 'GET', path: '/trust/attestation', handler: (request, h) => download(app, request, h) },
    ]);
  },
};

async function download(app: App, request: Request, h: ResponseToolkit) {
  const signed = await attest(app, scopeOf(request));
  return h.response(JSON.stringify(signed, null, 2)).type('application/json').header('content-disposition', `attachment; filename="attestation-${signed.attestation.workspace.slug}-${signed.attestation.at.slice(0, 10)}.json"`);
}

function pageOf({ attestation }: SignedAttestation): object {
  const count = (status: string) => attestation.claims.filter((claim) => claim.status === status).length;
  const left = new Set(attestation.claims);
  const groups = GROUPS.flatMap(([prefix, title]) => {
    const claims = attestation.claims.filter((claim) => left.has(claim) && prefix.test(claim.id));
    for (const claim of claims) left.delete(claim);
    return claims.length === 0 ? [] : [{ title, claims: claims.map(({ id, statement, status, summary, evidence }) => ({ id, text: statement, status: status.replace('_', '-'), summary, evidence: Object.entries(evidence).map(([label, value]) => ({ label, value: say(value) })), checkedAt: attestation.at })) }];
  });
  return { checkedAt: attestation.at, totals: { proved: count('proved'), failing: count('failing'), notApplicable: count('not_applicable') }, groups };
}

function say(value: JsonValue): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item) => say(item as JsonValue)).join(', ');
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, item]) => `${key}: ${say(item as JsonValue)}`).join('; ');
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value ?? 'none');
}
