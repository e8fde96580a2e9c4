// A certified OpenID provider on loopback. Configured by the environment:
//
//   PORT      where it listens; it is part of the issuer's name
//   STATE     directory of its signing keys, which live through a restart
//   AUDIENCE  the resource that tokens are for
//   KEYS      "keep"; "rotate": a new key signs, the old ones stay published; "forget": they are withdrawn
//   TYP       the header's typ of signed tokens
//   SESSION   seconds that the access tokens of `googlelike` and `mslike` live
//
// `googlelike` and `mslike` are who links accounts: the first keeps its refresh token, that of the second is rotated
// with each use and may be used once, or the grant is gone.
// Clients: `signed` and `opaque` (public, code with PKCE; named after the tokens that they get), `gateway` and
// `dovecot` (they ask about tokens), `robot` (client credentials, opaque). The secret is the name and "-secret".
// Users: any name, with the name and "pw" as password.
import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Provider } from "oidc-provider";

const { PORT, STATE, AUDIENCE, KEYS = "keep", TYP = "at+jwt", SESSION = "3600" } = process.env;
const ISSUER = `http://127.0.0.1:${PORT}`;
const SCOPES = "mail.read mail.metadata mail.modify mail.delete mail.folders mail.events";

function signingKeys() {
  const file = join(STATE, "keys.json");
  const old = existsSync(file) && KEYS !== "forget" ? JSON.parse(readFileSync(file, "utf8")) : [];
  const keys = old.length && KEYS === "keep" ? old : [newKey(), ...old];
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
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
  redirect_uris: ["http://127.0.0.1/callback"],
});
const secretClient = (id) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  grant_types: id === "robot" ? ["client_credentials"] : [],
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

const provider = new Provider(ISSUER, {
  jwks: { keys: signingKeys() },
  clients: [...["signed", "opaque"].map(publicClient), ...["gateway", "dovecot", "robot"].map(secretClient),
    ...LINKING.map(linkingClient)],
  pkce: { required: () => true },
  scopes: ["openid", "offline_access", "email", ...SCOPES.split(" ")],
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false,
  rotateRefreshToken: (ctx) => ctx.oidc.client.clientId !== "googlelike",
  issueRefreshToken: (_, client, code) =>
    client.grantTypeAllowed("refresh_token") && (code.scopes.has("offline_access") || client.clientId === "googlelike"),
  cookies: { keys: [randomUUID()] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: address(id) }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  extraTokenClaims: (_, token) => (token.accountId ? { email: address(token.accountId) } : undefined),
  ttl: {
    AccessToken: (_, __, client) => (LINKING.includes(client.clientId) ? Number(SESSION) : 300), ClientCredentials: 300, AuthorizationCode: 60, RefreshToken: 3600,
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
      getResourceServerInfo: (_, resource, client) => ({
        scope: SCOPES,
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: client.clientId === "signed" ? "jwt" : "opaque",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
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

provider.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
