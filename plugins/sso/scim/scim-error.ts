/** RFC 7644, 3.12: what a provisioning client is told. `detail` never repeats a value. */
export type ScimType = 'invalidFilter' | 'tooMany' | 'uniqueness' | 'mutability' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue';

export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;

  constructor(status: number, detail: string, scimType: ScimType | null = null) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
  }

  toBody(): object {
    return { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(this.status), ...(this.scimType === null ? {} : { scimType: this.scimType }), detail: this.message };
  }
}
