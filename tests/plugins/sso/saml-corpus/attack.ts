import type { SsoRefusalCode } from '../../../../plugins/sso/refusal.ts';
import type { PendingRequest, SamlConnection } from '../../../../plugins/sso/saml/settings.ts';

/** One hostile message. `refusals`: the codes that say why; another one would mean it was refused by luck. */
export type Attack = {
  readonly name: string;
  readonly samlResponse: unknown;
  readonly refusals: readonly SsoRefusalCode[];
  readonly pending?: PendingRequest;
  readonly connection?: SamlConnection;
};
