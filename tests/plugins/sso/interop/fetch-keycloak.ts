import { findKeycloak } from './keycloak-server.ts';

/** Has Maven bring the distribution, or says why it cannot be had; whether that matters, the run itself decides. */
const found = findKeycloak();
console.log('missing' in found ? `Keycloak: ${found.missing}` : 'Keycloak is here.');
