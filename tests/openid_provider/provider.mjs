// An independent, certified OpenID provider (npm oidc-provider) with sample people, for the tests.
// Reads clients and people as JSON from the environment, prints its address as a JSON line, ends with its
// parent (when standard input closes).
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { clients, people } = JSON.parse(process.env.OPENID_PROVIDER);

const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const jwk = (kind, options, alg) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg,
});
const keys = [jwk('ec', { namedCurve: 'P-256' }, 'ES256'), jwk('rsa', { modulusLength: 2048 }, 'RS256')];

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  acrValues: ['aal2', 'aal3', 'aal3 crl'],
  claims: {
    openid: ['sub', 'tid'],
    name: ['name'],
    address: ['address'],
    birthdate: ['birthdate'],
    gender: ['gender'],
    email: ['email'],
    acr: null,
    auth_time: null,
  },
  clientAuthMethods: ['private_key_jwt'],
  clientDefaults: { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256' },
  conformIdTokenClaims: false, // claims such as a directory's tid are wanted in the ID token itself
  cookies: { keys: ['a key for tests'] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256', 'RS256'], clientAuthSigningAlgValues: ['ES256', 'RS256'] },
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  // One registration never learns another's subject, as with the pseudonyms of the real service.
  pairwiseIdentifier: (_context, accountId, client) => `${client.clientId}.${accountId}`,
  subjectTypes: ['pairwise'],
  // What a person signs in to is also granted: the tests look at the protocol, not at a consent page.
  async loadExistingGrant(context) {
    const { client, session } = context.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid name address birthdate gender email');
    await grant.save();
    return grant;
  },
});

// The person's answer: /interaction/<uid> with account and acr in the query, or with error.
provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const answer = context.query;
  if (answer.account === undefined && answer.error === undefined) {
    context.body = 'Who are you?';
    return undefined;
  }
  const login = { accountId: answer.account, acr: answer.acr, amr: ['pin'] };
  const result = answer.error ? { error: answer.error, error_description: 'stopped' } : { login };
  return provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: false });
});

server.on('request', provider.callback());
process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ issuer }));
