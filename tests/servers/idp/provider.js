// A certified OpenID provider on loopback. Configured by the environment:
//
//   PORT      where it listens; it is part of the issuer's name
//   STATE     directory of its signing keys, which live through a restart
//   AUDIENCE  the resource that tokens are for
//   KEYS      "keep"; "rotate": a new key signs, the old ones stay published; "forget": they are withdrawn
//   TYP       the header's typ of signed tokens
//   SESSION   seconds that the access tokens of `googlelike` and `mslike` live
//   LIFETIME  seconds that a token lasts that was got by exchange (RFC 8693)
//
// `googlelike` and `mslike` are who links accounts: the first keeps its refresh token, that of the second is rotated
// with each use and may be used once, or the grant is gone.
// Clients: `signed` and `opaque` (public, code with PKCE; named after the tokens that they get), `brief` (as `opaque`;
// its tokens live for four seconds, and a refresh token comes with them that is good for one use), `gateway` and
// `dovecot` (they ask about tokens), `robot` (client credentials, opaque), `exchanger` (token exchange, signed). The
// secret is the name and "-secret". What `mallory` holds is exchanged for nothing.
// Users: any name, with the name and "pw" as password.
import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Provider, errors } from "oidc-provider";

const { PORT, STATE, AUDIENCE, KEYS = "keep", TYP = "at+jwt", LIFETIME = "300", SESSION = "3600" } = process.env;
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ISSUER = `http://127.0.0.1:${PORT}`;
const SCOPES = "mail.read mail.metadata mail.modify mail.delete mail.folders mail.events";

function signingKeys() {
  const file = join(STATE, "keys.json");
  const old = existsSync(file) && KEYS !== "forget" ? JSON.parse(readFileSync(file, "utf8")) : [];
  const keys = old.length && KEYS === "keep" ? old : [newKey(), ...old];
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  rmSync(join(STATE, "pem"), { recursive: true, force: true });
  for (const key of keys) publish(key);
  return keys;
}

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: randomUUID() };
}

// The public half as a PEM file, where Dovecot looks it up.
function publish(key) {
  const folder = join(STATE, "pem", "default", key.alg);
  mkdirSync(folder, { recursive: true });
  const pem = createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" });
  writeFileSync(join(folder, key.kid), pem);
}

const publicClient = (id) => ({
  client_id: id,
  application_type: "native",
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  redirect_uris: ["http://127.0.0.1/callback", "http://127.0.0.1/"],
});
const secretClient = (id) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  grant_types: { robot: ["client_credentials"], exchanger: [EXCHANGE] }[id] ?? [],
  response_types: [],
  redirect_uris: [],
});
const linkingClient = (id) => ({
  ...secretClient(id),
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  redirect_uris: ["http://127.0.0.1/v1/accounts/link/callback"],
});
const LINKING = ["googlelike", "mslike"];
const address = (user) => `${user}@example.org`;

const resourceServer = (resource, client) => ({
  scope: SCOPES,
  audience: resource,
  accessTokenTTL: 300,
  accessTokenFormat: ["signed", "exchanger"].includes(client.clientId) ? "jwt" : "opaque",
  jwt: { sign: { alg: "RS256" } },
});

const keys = signingKeys();
const provider = new Provider(ISSUER, {
  jwks: { keys },
  clients: [
    ...["signed", "opaque", "brief"].map(publicClient),
    ...["gateway", "dovecot", "robot", "exchanger"].map(secretClient),
    ...LINKING.map(linkingClient),
  ],
  pkce: { required: () => true },
  scopes: ["openid", "offline_access", "email", ...SCOPES.split(" ")],
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false,
  rotateRefreshToken: (ctx) => ctx.oidc.client.clientId !== "googlelike",
  issueRefreshToken: (_, client, code) =>
    client.grantTypeAllowed("refresh_token") &&
    (code.scopes.has("offline_access") || ["googlelike", "brief"].includes(client.clientId)),
  clientBasedCORS: (_, origin, client) =>
    client.clientAuthMethod === "none" && /^http:\/\/127\.0\.0\.1:\d+$/.test(origin),
  cookies: { keys: [randomUUID()] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: address(id) }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  extraTokenClaims: (_, token) => (token.accountId ? { email: address(token.accountId) } : undefined),
  ttl: {
    AccessToken: (_, __, { clientId }) => (LINKING.includes(clientId) ? Number(SESSION) : clientId === "brief" ? 4 : 300),
    ClientCredentials: 300, AuthorizationCode: 60, RefreshToken: 3600,
    Grant: 3600, IdToken: 300, Interaction: 60, Session: 3600,
  },
  formats: {
    customizers: { jwt: (_, token, jwt) => { jwt.header = { ...jwt.header, typ: TYP }; } },
  },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => resourceServer(resource, client),
    },
  },
});

// What clients asked and got, a line each: the place, the client, the kind of grant, the status.
provider.use(async (ctx, next) => {
  await next();
  const { route, client, params } = ctx.oidc ?? {};
  if (client) console.log(route, client.clientId, params?.grant_type ?? "-", ctx.status);
});

// The sign-in: one form. What the client asks for is granted without a page.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === "login" && ctx.method === "GET") {
    ctx.type = "html";
    ctx.body = "<form method=post><input name=user><input name=password type=password><button>Sign in</button></form>";
    return undefined;
  }
  const result = prompt.name === "login" ? await signedIn(ctx) : await granted(prompt.details, params, session);
  if (!result) return undefined;
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
});

// Token exchange: whose token it is, by what this provider knows of opaque ones and its own signature on others.
async function holder(token) {
  const found = await provider.AccessToken.find(token);
  if (found) return found.isValid ? found.accountId : undefined;
  const keySet = createLocalJWKSet({ keys: keys.map(({ kty, n, e, kid, alg }) => ({ kty, n, e, kid, alg })) });
  const options = { issuer: ISSUER, audience: AUDIENCE };
  return jwtVerify(token, keySet, options).then(({ payload }) => payload.sub, () => undefined);
}

async function exchange(ctx) {
  const { params, client } = ctx.oidc;
  const accountId = await holder(params.subject_token ?? "");
  if (!accountId) throw new errors.InvalidRequest("the subject_token is not good");
  if (accountId === "mallory") throw new errors.InvalidTarget();
  const info = resourceServer(params.resource, client);
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addResourceScope(params.resource, info.scope);
  const token = new provider.AccessToken({
    accountId, client, grantId: await grant.save(), gty: "token_exchange", scope: info.scope,
    expiresIn: Number(LIFETIME),
  });
  token.resourceServer = new provider.ResourceServer(params.resource, info);
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
    expires_in: token.expiration,
  };
}

const names = ["subject_token", "subject_token_type", "requested_token_type", "resource", "audience", "scope"];
provider.registerGrantType(EXCHANGE, exchange, names);

async function signedIn(ctx) {
  let body = "";
  for await (const piece of ctx.req) body += piece;
  const form = new URLSearchParams(body);
  if (form.get("password") === `${form.get("user")}pw`) return { login: { accountId: form.get("user") } };
  ctx.status = 401;
  ctx.body = "wrong name or password";
  return null;
}

async function granted({ missingOIDCScope, missingResourceScopes }, params, session) {
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(" "));
  }
  return { consent: { grantId: await grant.save() } };
}

provider.on("server_error", (_, error) => console.log(error));
provider.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
