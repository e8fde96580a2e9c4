// The open folder as it is shown: what is on the shelf of it, in order, with the outbox's changes over it.

import { inFolder, put } from "./apply.js";

export class Mailbox extends EventTarget {
  constructor(shelf, outbox) {
    super();
    Object.assign(this, { shelf, outbox });
    this.open(null);
  }

  open(folder, text = "") {
    this.folder = folder;
    this.text = text;
    this.order = [];
    this.messages = [];
    this.shown = new Map();
    this.views = new Map();
    this.cursor = null;
    this.total = null;
    this.complete = false;
    this.missing = false; // its first page could not be had yet
    this.#tell("reset");
  }

  get(id) {
    return this.shown.get(id);
  }

  index(id) {
    return this.messages.findIndex((message) => message.id === id);
  }

  addPage(page) {
    const known = new Set(this.missing ? [] : this.order);
    if (this.missing) this.order = [];
    this.missing = false;
    for (const message of page.messages) {
      put(this.shelf, message);
      if (!known.has(message.id)) this.order.push(message.id);
    }
    this.cursor = page.nextCursor;
    this.complete = !page.nextCursor;
    this.total = page.total ?? this.total;
    this.#lay();
    this.#tell("page");
  }

  // There is no way to the first page: what was here of the folder is better than nothing.
  showKnown() {
    this.missing = true;
    const known = this.folder && !this.text ? inFolder(this.shelf, this.folder.id) : [];
    this.order = known.sort((a, b) => b.receivedAt.localeCompare(a.receivedAt)).map((message) => message.id);
    this.refresh();
  }

  // A value that was just applied to the shelf.
  take(value) {
    for (const { id, folder } of (value.folders ?? value).renamed ?? []) {
      if (id === this.folder?.id) this.folder = this.shelf.folders.get(folder.id) ?? this.folder;
    }
    const fresh = [];
    for (const changes of value.changes ?? [value]) {
      if (changes.folderId === this.folder?.id) fresh.push(...this.#takeChanges(changes));
    }
    this.refresh(fresh);
  }

  refresh(fresh = []) {
    this.#lay();
    this.#tell("changed", { fresh });
  }

  #takeChanges(changes) {
    const moved = new Map((changes.moved ?? []).map(({ id, newId }) => [id, newId]));
    this.order = this.order.map((id) => moved.get(id) ?? id);
    for (const [id, newId] of moved) {
      const view = this.views.get(id);
      if (view) this.views.set(newId, Object.assign(view, { id: newId }));
    }
    if (typeof changes.totalMessages === "number" && !this.text) this.total = changes.totalMessages;
    if (this.text) return [];
    const known = new Set(this.order);
    const fresh = changes.created.filter(({ id }) => !known.has(id) && this.shelf.messages.has(id));
    for (const message of fresh) this.#place(message);
    return fresh.map((message) => message.id);
  }

  // What is shown, newest first. A row stays the same object for as long as it is shown.
  #lay() {
    const { shelf, outbox, folder } = this;
    this.order = this.order.filter((id) => shelf.messages.get(id)?.folderId === folder?.id);
    const shown = new Set(this.order);
    const coming = this.text || !folder ? [] : outbox.changes.map((change) => shelf.messages.get(change.message)).filter(
      (message) => message && !shown.has(message.id) && outbox.folderOf(message) === folder.id,
    );
    const rows = this.order.map((id) => shelf.messages.get(id)).filter((message) => outbox.folderOf(message) === folder?.id);
    for (const message of new Set(coming)) rows.splice(placeIn(rows, message), 0, message);
    this.messages = rows.map((message) => this.#view(message));
    this.shown = new Map(this.messages.map((message) => [message.id, message]));
  }

  #view(message) {
    const { outbox, views } = this;
    const view = Object.assign(views.get(message.id) ?? {}, message);
    view.flags = outbox.flagsOf(message);
    view.pending = outbox.isPending(message);
    views.set(message.id, view);
    return view;
  }

  #place(message) {
    const rows = this.order.map((id) => this.shelf.messages.get(id) ?? { receivedAt: "" });
    this.order.splice(placeIn(rows, message), 0, message.id);
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function placeIn(rows, message) {
  const at = rows.findIndex((other) => other.receivedAt <= message.receivedAt);
  return at < 0 ? rows.length : at;
}
