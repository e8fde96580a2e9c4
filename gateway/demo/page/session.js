// Sign-in: authorization code flow with PKCE (RFC 7636). The token stays in this tab.

const KEY = "gateway-demo";

const encode = (octets) => btoa(String.fromCharCode(...octets)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

export class Session {
  constructor(config) {
    this.config = config;
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    this.token = kept.expires > Date.now() ? kept.token : null;
  }

  get redirectUri() {
    return `${location.origin}/`;
  }

  async begin() {
    const verifier = random();
    const state = random();
    sessionStorage.setItem(KEY, JSON.stringify({ verifier, state }));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: this.redirectUri,
      scope: this.config.scope,
      resource: this.config.resource,
      state,
      code_challenge: encode(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(`${this.config.authorizationEndpoint}?${query}`);
  }

  // Back from the issuer with a code: redeem it. False where there is no code in the address.
  async finish() {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("code")) return false;
    const { verifier, state } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    history.replaceState(null, "", "/");
    if (!verifier || state !== answer.get("state") || answer.get("iss") !== this.config.issuer) return false;
    const response = await fetch(this.config.tokenEndpoint, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: answer.get("code"),
        redirect_uri: this.redirectUri,
        client_id: this.config.clientId,
        code_verifier: verifier,
      }),
    });
    if (!response.ok) return false;
    const { access_token: token, expires_in: seconds } = await response.json();
    this.token = token;
    sessionStorage.setItem(KEY, JSON.stringify({ token, expires: Date.now() + seconds * 1000 }));
    return true;
  }

  end() {
    this.token = null;
    sessionStorage.removeItem(KEY);
  }
}
