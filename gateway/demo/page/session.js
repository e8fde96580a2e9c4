// Who is signed in here: code with PKCE at the issuer, and tokens that are in memory only. What is stored is stored in
// this tab: the state and the verifier while the browser is at the issuer, and that somebody is signed in.
// session.js beside it is this file without its types: scripts/page makes it.
import { Issuer, Refused } from "./issuer.js";
const PENDING = "gateway-demo-sign-in";
const RETURNS = "gateway-demo-signed-in";
const AHEAD = 30_000; // milliseconds before a token's end in which it is renewed; a quarter of its life at most
export class Session {
    #issuer;
    #held = null;
    #renewal = null;
    constructor(client) {
        this.#issuer = new Issuer(client);
    }
    get #redirectUri() {
        return `${location.origin}/`;
    }
    // Go to the issuer. Throws where it can't be found.
    async begin() {
        const [verifier, state] = [random(), random()];
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
        const url = await this.#issuer.authorization(this.#redirectUri, state, encode(new Uint8Array(digest)));
        sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state }));
        location.assign(url);
    }
    // Back from the issuer: redeem the code. False where the address holds no answer. Throws where the answer is no good.
    async finish() {
        const answer = new URLSearchParams(location.search);
        if (!answer.has("code") && !answer.has("error"))
            return false;
        const pending = JSON.parse(taken(PENDING) ?? "{}");
        history.replaceState(null, "", "/");
        if (!pending.state || answer.get("state") !== pending.state) {
            throw new Refused("the answer is to no sign-in that was begun here");
        }
        const code = await this.#issuer.codeOf(answer);
        this.#hold(await this.#issuer.redeem(code, this.#redirectUri, pending.verifier));
        sessionStorage.setItem(RETURNS, "yes");
        return true;
    }
    // Whether somebody was signed in here before the page was loaded anew; said once.
    wasSignedIn() {
        return taken(RETURNS) !== null;
    }
    // An access token, renewed ahead of its end where that can be done; nobody waits for that while it is good still.
    // Throws where it has ended and the issuer can't be reached.
    async token() {
        if (this.#held?.refresh && Date.now() >= this.#held.renewAt) {
            const renewal = this.#renewed();
            if (Date.now() >= this.#held.endsAt)
                await renewal;
            else
                renewal.catch(() => { }); // there is time to try again
        }
        return this.#held?.access ?? "";
    }
    // After a token was refused: whether there is another one now. Throws where the issuer can't be reached.
    async replaces(refused) {
        if (this.#held?.access === refused && this.#held.refresh)
            await this.#renewed();
        return this.#held !== null && this.#held.access !== refused;
    }
    end() {
        const token = this.#held?.refresh ?? this.#held?.access;
        this.#held = null;
        sessionStorage.removeItem(RETURNS);
        if (token)
            this.#issuer.revoke(token).catch(() => { }); // it ends by itself, too
    }
    // One at a time: a refresh token may be good for one use only.
    #renewed() {
        this.#renewal ??= this.#renew().finally(() => {
            this.#renewal = null;
        });
        return this.#renewal;
    }
    async #renew() {
        const held = this.#held;
        if (!held?.refresh)
            return;
        try {
            const tokens = await this.#issuer.refresh(held.refresh);
            if (this.#held === held)
                this.#hold({ refresh_token: held.refresh, ...tokens });
        }
        catch (error) {
            if (!(error instanceof Refused))
                throw error;
            held.refresh = null;
        }
    }
    #hold({ access_token, refresh_token, expires_in }) {
        const life = (expires_in ?? Infinity) * 1000;
        const endsAt = Date.now() + life;
        const renewAt = life < Infinity ? endsAt - Math.min(AHEAD, life / 4) : Infinity;
        this.#held = { access: access_token, refresh: refresh_token ?? null, renewAt, endsAt };
    }
}
function taken(key) {
    const value = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return value;
}
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));
const encode = (octets) => btoa(String.fromCharCode(...octets)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
