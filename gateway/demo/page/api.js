// The gateway's API. Every call carries the token in its header; a problem+json answer becomes an ApiError.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export class Api {
  constructor(session, onSignedOut) {
    this.session = session;
    this.onSignedOut = onSignedOut;
    this.base = "/v1/accounts/me";
  }

  async fetch(path, options = {}) {
    const headers = { Authorization: `Bearer ${this.session.token}`, ...options.headers };
    const response = await fetch(path, { ...options, headers });
    if (response.ok) return response;
    if (response.status === 401) this.onSignedOut();
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem);
  }

  async #json(path, options) {
    return (await this.fetch(this.base + path, options)).json();
  }

  #send(method, path, body) {
    return this.fetch(this.base + path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  }

  account = () => this.#json("");
  folders = async () => (await this.#json("/folders")).folders;
  body = (id) => this.#json(`/messages/${id}/body`);
  flag = (id, patch) => this.#send("PATCH", `/messages/${id}/flags`, patch);
  move = (id, folder) => this.#send("POST", `/messages/${id}/move`, { folder });
  remove = (id) => this.#send("DELETE", `/messages/${id}`);
  blob = async (href) => (await this.fetch(href)).blob();

  page(folder, { cursor, text, signal } = {}) {
    const query = new URLSearchParams({ limit: "40" });
    if (cursor) query.set("cursor", cursor);
    if (text) query.set("text", text);
    return this.#json(`/folders/${folder}/messages?${query}`, { signal });
  }

  events(folder, since, signal) {
    const query = new URLSearchParams({ folders: folder });
    if (since) query.set("since", since);
    return this.fetch(`${this.base}/events?${query}`, { signal, headers: { Accept: "text/event-stream" } });
  }
}
