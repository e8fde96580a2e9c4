// The issuer as a public client meets it: found through the gateway's metadata (RFC 9728) and its own (RFC 8414), asked
// for a code with PKCE (RFC 7636), for tokens, and to take them back (RFC 7009).
// issuer.js beside it is this file without its types: scripts/page makes it.

// What the page is to its issuer. `scope`: what the page needs of the gateway, by the issuer's names.
export interface Client {
  issuer: string;
  clientId: string;
  scope: string;
}

export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in?: number; // seconds
  refresh_token?: string;
}

interface Metadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  revocation_endpoint?: string;
  scopes_supported?: string[];
  authorization_response_iss_parameter_supported?: boolean;
}

const RESOURCE = "/.well-known/oauth-protected-resource";
const IDENTITY = ["openid", "email"]; // asked for where the issuer has them: some put the address into no token without
const PATIENCE = 10_000; // milliseconds

// The issuer answered, and the answer is no; anything else that goes wrong may go right in a moment.
export class Refused extends Error {}

export class Issuer {
  #found: Promise<{ metadata: Metadata; resource: string }> | null = null;

  constructor(readonly client: Client) {}

  // Where to send the browser.
  async authorization(redirectUri: string, state: string, challenge: string): Promise<string> {
    const { metadata, resource } = await this.#discover();
    const known = IDENTITY.filter((scope) => metadata.scopes_supported?.includes(scope));
    const url = new URL(metadata.authorization_endpoint);
    const asked = {
      response_type: "code",
      client_id: this.client.clientId,
      redirect_uri: redirectUri,
      scope: [...known, this.client.scope].join(" "),
      resource,
      state,
      code_challenge: challenge,
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return url.href;
  }

  // The code of an answer that is this issuer's own (RFC 9207). Throws Refused.
  async codeOf(answer: URLSearchParams): Promise<string> {
    const { metadata } = await this.#discover();
    const says = answer.get("iss");
    if (says === null ? metadata.authorization_response_iss_parameter_supported : says !== metadata.issuer) {
      throw new Refused("the answer is another issuer's");
    }
    const code = answer.get("code");
    if (!code) throw new Refused(answer.get("error_description") || answer.get("error") || "there is no code");
    return code;
  }

  redeem(code: string, redirectUri: string, verifier: string): Promise<Tokens> {
    return this.#tokens({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier });
  }

  refresh(token: string): Promise<Tokens> {
    return this.#tokens({ grant_type: "refresh_token", refresh_token: token });
  }

  // Where the issuer takes tokens back; the page does not wait for it.
  async revoke(token: string): Promise<void> {
    const { revocation_endpoint: place } = (await this.#discover()).metadata;
    if (!place) return;
    const body = new URLSearchParams({ token, client_id: this.client.clientId });
    await fetch(place, { method: "POST", body, credentials: "omit", keepalive: true });
  }

  async #tokens(grant: Record<string, string>): Promise<Tokens> {
    const { metadata, resource } = await this.#discover();
    const response = await fetch(metadata.token_endpoint, {
      method: "POST",
      body: new URLSearchParams({ ...grant, client_id: this.client.clientId, resource }),
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.status >= 500 || response.status === 429) throw new Error("the issuer can't answer just now");
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(answer.error_description || answer.error || `HTTP ${response.status}`);
    if (!answer.access_token || String(answer.token_type).toLowerCase() !== "bearer") {
      throw new Refused("the issuer gave no bearer token");
    }
    return answer;
  }

  // Found once; looked for anew after a failure.
  #discover() {
    this.#found ??= find(this.client.issuer).catch((error) => {
      this.#found = null;
      throw error;
    });
    return this.#found;
  }
}

async function find(issuer: string) {
  const protectedBy: { resource: string; authorization_servers?: string[] } = await read(RESOURCE);
  if (!protectedBy.authorization_servers?.includes(issuer)) throw new Refused("the gateway takes no tokens of this issuer");
  for (const url of wellKnown(issuer)) {
    const metadata: Metadata | null = await read(url).catch(() => null);
    if (metadata?.issuer === issuer && isSafe(metadata.authorization_endpoint) && isSafe(metadata.token_endpoint)) {
      return { metadata, resource: protectedBy.resource };
    }
  }
  throw new Error("the issuer's metadata can't be read");
}

// RFC 8414 section 3.1, and OpenID Connect Discovery 1.0 section 4.1.
export function wellKnown(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [`${origin}/.well-known/oauth-authorization-server${path}`, `${origin}${path}/.well-known/openid-configuration`];
}

function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname));
}

async function read(url: string) {
  const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}
