// What the page knows of the open folder. Pulled pages and pushed events end in the same apply(changes).

export class Mailbox extends EventTarget {
  constructor() {
    super();
    this.open(null);
  }

  open(folder, text = "") {
    this.folder = folder;
    this.text = text;
    this.messages = [];
    this.known = new Map();
    this.cursor = null;
    this.state = null;
    this.total = null;
    this.complete = false;
    this.#tell("reset");
  }

  get(id) {
    return this.known.get(id);
  }

  index(id) {
    return this.messages.findIndex((message) => message.id === id);
  }

  addPage(page) {
    for (const message of page.messages) this.#put(message, this.messages.length);
    this.cursor = page.nextCursor;
    this.state ??= page.state;
    this.total = page.total ?? this.total;
    this.complete = !page.nextCursor;
    this.#tell("page");
  }

  // The body of GET …/changes and the data of a `changes` event are the same value.
  apply(changes) {
    if (changes.folderId !== this.folder?.id) return;
    const fresh = [];
    for (const message of this.text ? [] : changes.created) {
      if (this.known.has(message.id)) continue;
      this.#put(message, this.#place(message));
      fresh.push(message.id);
    }
    for (const { id, flags } of changes.updated) this.#patch(id, { flags });
    for (const id of changes.destroyed) this.#drop(id);
    const { present, since } = changes.coverage ?? {};
    if (present?.length) this.#settle(new Set(present), since);
    this.state = changes.newState;
    if (!this.text) this.total = changes.totalMessages ?? this.total;
    this.#tell("changed", { fresh });
  }

  // What the user just did, shown before the server says so too.
  expect(id, patch) {
    this.#patch(id, patch);
    this.#tell("changed", { fresh: [] });
  }

  take(id) {
    const message = this.known.get(id);
    const at = this.index(id);
    this.#drop(id);
    this.#tell("changed", { fresh: [] });
    return () => {
      if (!message || this.known.has(id)) return;
      this.#put(message, Math.min(at, this.messages.length));
      this.#tell("changed", { fresh: [] });
    };
  }

  // Deletions that the server could not settle: of the messages covered, only those named are still there.
  #settle(present, since) {
    const end = since ? this.index(since) : this.messages.length - 1;
    for (const message of this.messages.slice(0, end + 1)) if (!present.has(message.id)) this.#drop(message.id);
  }

  #place(message) {
    const at = this.messages.findIndex((other) => other.receivedAt <= message.receivedAt);
    return at < 0 ? this.messages.length : at;
  }

  #put(message, at) {
    if (this.known.has(message.id)) return;
    this.known.set(message.id, message);
    this.messages.splice(at, 0, message);
  }

  #patch(id, patch) {
    const message = this.known.get(id);
    if (message) Object.assign(message, patch);
  }

  #drop(id) {
    if (this.known.delete(id)) this.messages.splice(this.index(id), 1);
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
