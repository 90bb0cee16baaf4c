import { findKeycloak } from './keycloak-server.ts';

/** Has Maven bring the distribution, or says why it cannot be had; under CI that is a failure. */
const found = findKeycloak();
if ('missing' in found && process.env['CI'] === 'true') process.exitCode = 1;
console.log('missing' in found ? `Keycloak: ${found.missing}` : 'Keycloak is here.');
