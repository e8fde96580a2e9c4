// What was done here and is not sent yet: shown at once, kept over a reload, sent in order once there is a way.

import { forget, rename } from "./apply.js";

const KEY = "gateway-demo-outbox";
const AGAIN = 1500; // milliseconds
const MOST_TRIES = 5; // of a change that the server knows nothing to do with

export class Outbox extends EventTarget {
  constructor(api, shelf, turn) {
    super();
    Object.assign(this, { api, shelf, turn, sending: false });
    this.changes = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  }

  // A change of flags ({add, remove}), a move ({folder}), or a deletion ({folder: the trash, or null for good}).
  add(kind, message, { add = [], remove = [], folder = null } = {}) {
    const last = this.changes.at(-1);
    if (kind === "flags" && last?.kind === kind && last.message === message && !last.tries) {
      last.add = [...last.add.filter((flag) => !remove.includes(flag)), ...add];
      last.remove = [...last.remove.filter((flag) => !add.includes(flag)), ...remove];
    } else this.changes.push({ key: crypto.randomUUID(), kind, message, add, remove, folder, tries: 0 });
    this.#keep();
    return this.send();
  }

  flagsOf(message) {
    let { flags } = message;
    for (const change of this.#of(message, "flags")) {
      flags = [...flags.filter((flag) => !change.remove.includes(flag) && !change.add.includes(flag)), ...change.add];
    }
    return flags;
  }

  // Where it will be once all is sent; null: nowhere.
  folderOf(message) {
    const last = this.changes.findLast((change) => change.message === message.id && change.kind !== "flags");
    return last ? last.folder : message.folderId;
  }

  isPending(message) {
    return this.changes.some((change) => change.message === message.id);
  }

  // Folders and messages that have another id now.
  follow(value) {
    for (const { id, folder } of (value.folders ?? value).renamed ?? []) {
      for (const change of this.changes) if (change.folder === id) change.folder = folder.id;
    }
    for (const changes of value.changes ?? [value]) {
      for (const { id, newId } of changes.moved ?? []) this.#rename(id, newId);
    }
    this.#keep();
  }

  // Send what waits; where there is no way, it goes on waiting.
  async send() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.later);
    try {
      while (this.changes.length && (await this.#sendFirst()));
    } finally {
      this.sending = false;
    }
  }

  clear() {
    this.changes = [];
    this.#keep();
  }

  // Whether to go on with the next.
  async #sendFirst() {
    const change = this.changes[0];
    change.tries += 1;
    try {
      await this.turn.take(() => this.#carryOut(change));
    } catch (error) {
      if (error.later) {
        if (!error.offline) this.later = setTimeout(() => this.send(), AGAIN);
        return false;
      }
      const unsure = error.status === 404 || error.status === 410 || error.type === "write-in-doubt";
      if (unsure && change.tries < MOST_TRIES && this.shelf.messages.has(change.message)) {
        change.key = crypto.randomUUID(); // it is here still: what is to come may tell why
        this.later = setTimeout(() => this.send(), AGAIN);
        return false;
      }
      this.#drop(change);
      if (!unsure) this.dispatchEvent(new CustomEvent("refused", { detail: error }));
    }
    return true;
  }

  // Show what the server has done, as its next event will tell it too.
  async #carryOut(change) {
    const { shelf, api } = this;
    if (change.kind === "flags") {
      const { flags } = await api.flag(change.message, change.add, change.remove);
      const message = shelf.messages.get(change.message);
      if (message) message.flags = flags;
    } else {
      const moved = change.kind === "move" ? await api.move(change.message, change.folder, change.key) : await api.remove(change.message);
      const known = moved.id && change.folder && shelf.folders.has(change.folder);
      if (known) rename(shelf, change.message, moved.id, change.folder);
      else forget(shelf, change.message);
      if (moved.id) this.#rename(change.message, moved.id);
    }
    this.#drop(change);
  }

  #of(message, kind) {
    return this.changes.filter((change) => change.message === message.id && change.kind === kind);
  }

  #rename(old, id) {
    for (const change of this.changes) if (change.message === old) change.message = id;
  }

  #drop(change) {
    this.changes = this.changes.filter((other) => other !== change);
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(KEY, JSON.stringify(this.changes));
    this.dispatchEvent(new Event("changed"));
  }
}
