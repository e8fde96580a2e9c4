// The gateway's API. Every call carries the token in its header; a problem+json answer becomes an ApiError.

const PATIENCE = 20_000; // milliseconds

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
    this.type = String(problem.type ?? "").split("/").at(-1);
  }

  // The same may well succeed in a moment.
  get later() {
    return this.type !== "write-in-doubt" && (this.problem.retryable || [429, 502, 503, 504].includes(this.status));
  }
}

export class Offline extends Error {
  later = true;
  offline = true;

  constructor() {
    super("There is no connection just now.");
  }
}

function offline() {
  throw new Offline();
}

export class Api {
  constructor(session, onSignedOut) {
    this.session = session;
    this.onSignedOut = onSignedOut;
    this.base = "/v1/accounts/me";
  }

  // A token that is refused is renewed where that can be done, once.
  async fetch(path, options = {}) {
    const token = await this.session.token().catch(offline);
    let response = await this.#fetch(path, options, token);
    if (response.status === 401 && (await this.session.replaces(token).catch(offline))) {
      response = await this.#fetch(path, options, await this.session.token().catch(offline));
    }
    if (response.ok) return response;
    if (response.status === 401) this.onSignedOut();
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem);
  }

  #fetch(path, options, token) {
    return fetch(path, { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } }).catch(offline);
  }

  async #json(path, options) {
    const response = await this.fetch(this.base + path, { signal: AbortSignal.timeout(PATIENCE), ...options });
    return response.json().catch(offline);
  }

  #send(method, path, body, headers = {}) {
    const type = body ? { "Content-Type": "application/json" } : {};
    return this.#json(path, { method, headers: { ...type, ...headers }, body: body && JSON.stringify(body) });
  }

  account = () => this.#json("");
  changes = () => this.#json("/changes");
  folders = async () => (await this.#json("/folders")).folders;
  body = (id) => this.#json(`/messages/${id}/body`);
  flag = (id, add, remove) =>
    this.#send("PATCH", `/messages/${id}/flags`, { ...(add.length && { add }), ...(remove.length && { remove }) });
  move = (id, folder, key) => this.#send("POST", `/messages/${id}/move`, { folder }, { "Idempotency-Key": key });
  remove = (id) => this.#send("DELETE", `/messages/${id}`);
  blob = async (href) => (await this.fetch(href)).blob();

  page(folder, { cursor, text } = {}) {
    const query = new URLSearchParams({ limit: "40" });
    if (cursor) query.set("cursor", cursor);
    if (text) query.set("text", text);
    return this.#json(`/folders/${folder}/messages?${query}`);
  }

  events(since, signal) {
    const query = new URLSearchParams({ folders: "*", ...(since && { since }) });
    return this.fetch(`${this.base}/events?${query}`, { signal, headers: { Accept: "text/event-stream" } });
  }
}
