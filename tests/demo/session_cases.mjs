// The page's session against an issuer made of paper: what it refuses, and how it renews tokens. Arguments: session.js.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { pathToFileURL } from "node:url";

const { Session } = await import(pathToFileURL(process.argv[2]));
globalThis.crypto ??= webcrypto;

const PAGE = "http://127.0.0.1:8080";
const ISSUER = "https://login.example.org/realms/a";
const CLIENT = { issuer: ISSUER, clientId: "page", scope: "mail.read mail.events" };
const RESOURCE = { resource: "https://mail.example.org", authorization_servers: ["https://other.example.org", ISSUER] };
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth?kc=1`,
  token_endpoint: `${ISSUER}/token`,
  revocation_endpoint: `${ISSUER}/revoke`,
  scopes_supported: ["openid", "email", "offline_access"],
  authorization_response_iss_parameter_supported: true,
};
const TOKENS = { access_token: "first", token_type: "Bearer", expires_in: 100, refresh_token: "again" };
const OAUTH = "https://login.example.org/.well-known/oauth-authorization-server/realms/a";
const OPENID = `${ISSUER}/.well-known/openid-configuration`;

// A browser at the page, and what its requests are answered with: a value, a status with one, or no answer at all.
class World {
  constructor(answers = {}) {
    this.answers = { "/.well-known/oauth-protected-resource": RESOURCE, [OPENID]: METADATA, [METADATA.token_endpoint]: TOKENS, ...answers };
    this.kept = new Map();
    this.sent = [];
    this.now = 1_800_000_000_000;
    this.shown = "/";
    globalThis.location = { origin: PAGE, search: "", assign: (url) => (this.went = new URL(url)) };
    globalThis.history = { replaceState: (_, __, url) => (this.shown = url) };
    globalThis.sessionStorage = {
      getItem: (key) => this.kept.get(key) ?? null,
      setItem: (key, value) => this.kept.set(key, value),
      removeItem: (key) => this.kept.delete(key),
    };
    globalThis.fetch = async (url, options) => this.#answer(url, options);
    Date.now = () => this.now;
    this.session = new Session(CLIENT);
  }

  #answer(url, options) {
    if (options?.method) this.sent.push([url, Object.fromEntries(options.body)]);
    assert.equal(options?.credentials, "omit");
    const found = this.answers[url];
    if (found === null) throw new TypeError("no network");
    const [status, value] = Array.isArray(found) ? found : [found ? 200 : 404, found ?? {}];
    return { ok: status < 300, status, json: async () => value };
  }

  tokenRequests() {
    return this.sent.filter(([url]) => url === METADATA.token_endpoint).map(([, form]) => form);
  }

  async back(changed = {}) {
    await this.session.begin();
    const answer = { code: "a code", state: this.went.searchParams.get("state"), iss: ISSUER, ...changed };
    for (const [name, value] of Object.entries(answer)) if (value === undefined) delete answer[name];
    this.shown = location.search = `?${new URLSearchParams(answer)}`;
    return this.session.finish();
  }

  async later(seconds) {
    this.now += seconds * 1000;
    const token = await this.session.token();
    await new Promise((resolve) => setTimeout(resolve)); // what nobody waits for
    return token;
  }
}

const cases = {
  async "asks for a code with PKCE, and for what the issuer knows"() {
    const world = new World();
    await world.session.begin();
    const asked = Object.fromEntries(world.went.searchParams);
    const { verifier, state } = JSON.parse(world.kept.get("gateway-demo-sign-in"));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    assert.deepEqual(asked, {
      kc: "1",
      response_type: "code",
      client_id: "page",
      redirect_uri: `${PAGE}/`,
      scope: "openid email mail.read mail.events",
      resource: RESOURCE.resource,
      state,
      code_challenge: Buffer.from(digest).toString("base64url"),
      code_challenge_method: "S256",
    });
    assert.match(verifier, /^[A-Za-z0-9_-]{43}$/); // RFC 7636 section 4.1
  },

  async "redeems the code once, cleans the address, and stores no token"() {
    const world = new World();
    assert.equal(await world.back(), true);
    const [{ code_verifier, ...form }] = world.tokenRequests();
    assert.deepEqual(form, {
      grant_type: "authorization_code",
      code: "a code",
      redirect_uri: `${PAGE}/`,
      client_id: "page",
      resource: RESOURCE.resource,
    });
    assert.equal(code_verifier.length, 43);
    assert.equal(world.shown, "/");
    assert.deepEqual([...world.kept], [["gateway-demo-signed-in", "yes"]]);
    await assert.rejects(world.session.finish(), /no sign-in that was begun here/);
    assert.equal(world.tokenRequests().length, 1);
  },

  async "takes the metadata of RFC 8414 first"() {
    const world = new World({ [OAUTH]: { ...METADATA, token_endpoint: "https://tokens.example.org/" }, "https://tokens.example.org/": TOKENS });
    assert.equal(await world.back(), true);
    assert.equal(world.sent[0][0], "https://tokens.example.org/");
  },

  async "is told by another issuer, by nobody, or nothing at all"() {
    for (const [changed, reason] of [
      [{ state: "another" }, /no sign-in that was begun here/],
      [{ state: undefined }, /no sign-in that was begun here/],
      [{ iss: "https://other.example.org" }, /another issuer's/],
      [{ iss: undefined }, /another issuer's/],
      [{ code: undefined, error: "access_denied" }, /access_denied/],
      [{ code: undefined, error: "access_denied", error_description: "Not today" }, /Not today/],
    ]) {
      const world = new World();
      await assert.rejects(world.back(changed), reason);
      assert.deepEqual([world.tokenRequests(), world.shown, [...world.kept]], [[], "/", []]);
    }
    assert.equal(await new World().session.finish(), false);
  },

  async "begins nothing where the metadata is not to be trusted"() {
    for (const answers of [
      { "/.well-known/oauth-protected-resource": { ...RESOURCE, authorization_servers: ["https://other.example.org"] } },
      { [OPENID]: { ...METADATA, issuer: "https://other.example.org" } },
      { [OPENID]: { ...METADATA, authorization_endpoint: "javascript:alert(1)" } },
      { [OPENID]: { ...METADATA, token_endpoint: "http://login.example.org/token" } },
      { [OPENID]: null },
    ]) {
      const world = new World(answers);
      await assert.rejects(world.session.begin());
      assert.equal(world.went, undefined);
    }
  },

  async "takes no token that it can't use, and no refusal for one"() {
    for (const answer of [{ ...TOKENS, token_type: "DPoP" }, { token_type: "Bearer" }, [400, { error: "invalid_grant" }], [503, {}]]) {
      const world = new World({ [METADATA.token_endpoint]: answer });
      await assert.rejects(world.back());
      assert.equal(await world.session.token(), "");
      assert.equal(world.session.wasSignedIn(), false);
    }
  },

  async "renews a token ahead of its end, once for all who ask, with the newest refresh token"() {
    const world = new World();
    await world.back();
    assert.equal(await world.later(74), "first");
    world.answers[METADATA.token_endpoint] = { access_token: "second", token_type: "bearer", expires_in: 100, refresh_token: "once more" };
    assert.deepEqual(await Promise.all([world.later(2), world.session.token()]), ["first", "first"]); // good for 24 s still
    assert.equal(await world.later(0), "second");
    world.answers[METADATA.token_endpoint] = { access_token: "third", token_type: "bearer", expires_in: 100 };
    world.now += 101_000;
    assert.deepEqual(await Promise.all([world.session.token(), world.session.token()]), ["third", "third"]);
    assert.equal(await world.session.replaces("third"), false);
    const renewals = world.tokenRequests().slice(1);
    assert.deepEqual(renewals.map((form) => form.refresh_token), ["again", "once more", "once more"]);
  },

  async "replaces a token that was refused, where it can"() {
    const world = new World();
    await world.back();
    world.answers[METADATA.token_endpoint] = { ...TOKENS, access_token: "second" };
    assert.deepEqual(await Promise.all([world.session.replaces("first"), world.session.replaces("first")]), [true, true]);
    assert.equal(await world.session.replaces("first"), true); // it is another one already
    assert.equal(world.tokenRequests().length, 2);
    world.answers[METADATA.token_endpoint] = [400, { error: "invalid_grant" }];
    assert.equal(await world.session.replaces("second"), false);
    assert.equal(await world.session.replaces("second"), false); // and asks no more
    assert.equal(world.tokenRequests().length, 3);
  },

  async "keeps what it has while the issuer is down"() {
    const world = new World();
    await world.back();
    for (const answer of [null, [503, {}], [429, {}]]) {
      world.answers[METADATA.token_endpoint] = answer;
      assert.equal(await world.later(0), "first");
      await assert.rejects(world.session.replaces("first"));
    }
    assert.equal(await world.later(80), "first");
    world.now += 30_000;
    await assert.rejects(world.session.token());
    world.answers[METADATA.token_endpoint] = { ...TOKENS, access_token: "second" };
    assert.equal(await world.session.token(), "second");
  },

  async "gives its token back at the end, and is signed in no more, whatever is on its way"() {
    const world = new World();
    await world.back();
    world.now += 80_000;
    const asking = world.session.token();
    world.session.end();
    await asking;
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(world.sent.at(-1), [METADATA.revocation_endpoint, { token: "again", client_id: "page" }]);
    assert.equal(await world.session.token(), "");
    assert.equal(world.session.wasSignedIn(), false);
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run().catch((error) => {
    throw new Error(name, { cause: error });
  });
}
console.log(`${Object.keys(cases).length} cases`);
