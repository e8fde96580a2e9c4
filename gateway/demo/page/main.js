// Puts the pieces together.

import { Api } from "./api.js";
import { apply, emptyShelf } from "./apply.js";
import { byId, icon, toast } from "./dom.js";
import { FolderList, folderLabel } from "./folders.js";
import { bindKeys } from "./keys.js";
import { MessageList } from "./list.js";
import { Mailbox } from "./mailbox.js";
import { Outbox } from "./outbox.js";
import { Reader } from "./reader.js";
import { Session } from "./session.js";
import { Stream } from "./stream.js";
import { Turn } from "./turn.js";

const CONNECTION = { live: "Live", connecting: "Connecting", waiting: "Offline", polling: "Live, polled" };

class App {
  constructor(session) {
    this.session = session;
    this.api = new Api(session, () => this.signOut("Your session has ended. Please sign in again."));
    this.shelf = emptyShelf();
    this.turn = new Turn();
    this.outbox = new Outbox(this.api, this.shelf, this.turn);
    this.mailbox = new Mailbox(this.shelf, this.outbox);
    this.folders = new FolderList((folder) => this.openFolder(folder));
    this.list = new MessageList(this.mailbox, {
      onOpen: (message) => this.openMessage(message),
      onMore: () => this.more(),
      onStar: (message) => this.toggle(message, "$flagged"),
    });
    this.reader = new Reader(this.api, this, this.folders);
    this.mailbox.addEventListener("changed", () => this.#afterChange());
    this.mailbox.addEventListener("page", () => this.#showCount());
    this.outbox.addEventListener("changed", () => this.#showOutbox());
    this.outbox.addEventListener("refused", (event) => toast(event.detail.message));
  }

  async start() {
    byId("welcome").hidden = true;
    byId("app").hidden = false;
    this.#bind();
    const account = await this.api.account();
    byId("account").textContent = account.address;
    await this.#begin();
    await this.openFolder(this.#home());
    this.#listen();
  }

  async openFolder(folder, text = "") {
    byId("app").classList.remove("menu-open");
    this.pane("list");
    if (!text) byId("search-text").value = "";
    this.mailbox.open(folder, text);
    this.reader.clear();
    this.folders.show(this.folders.folders, folder.id);
    byId("folder-name").textContent = text ? `“${text}” in ${folderLabel(folder)}` : folderLabel(folder);
    byId("folder-count").textContent = "";
    document.title = `${folderLabel(folder)} – Mail`;
    this.loading = null;
    await this.more();
  }

  // The next page; scrolling may ask many times while one is on its way.
  async more() {
    if (this.loading || this.mailbox.complete || !this.mailbox.folder) return;
    const { folder, text, cursor } = this.mailbox;
    const mine = (this.loading = {});
    try {
      await this.turn.take(async () => {
        if (this.loading !== mine) return;
        const page = await this.api.page(folder.id, { cursor, text });
        if (this.loading === mine) this.mailbox.addPage(page);
      });
    } catch (error) {
      if (this.loading !== mine) return;
      if (!error.offline) toast(error.message);
      if (!cursor) this.mailbox.showKnown();
    }
    if (this.loading === mine) this.loading = null;
  }

  async openMessage(message) {
    this.list.select(message.id);
    this.pane("reader");
    const opened = this.reader.open(message);
    if (!message.flags.includes("$seen")) await this.#flag(message, "$seen", true);
    await opened;
  }

  toggle(message, flag) {
    return this.#flag(message, flag, !message.flags.includes(flag));
  }

  archive(message) {
    const archive = this.folders.withRole("archive");
    return archive ? this.move(message, archive) : toast("There is no archive folder.");
  }

  move(message, folder) {
    if (!folder || folder.id === message.folderId) return undefined;
    return this.#leave(message, "move", folder.id, `Moved to ${folderLabel(folder)}`);
  }

  remove(message) {
    const trash = this.folders.withRole("trash");
    return this.#leave(message, "delete", trash && trash.id !== message.folderId ? trash.id : null, "Deleted");
  }

  step(by) {
    const message = this.list.neighbour(by);
    if (!message) return;
    this.list.select(message.id, { focus: true });
    if (matchMedia("(min-width: 1000px)").matches) this.openMessage(message);
  }

  openSelected() {
    const message = this.mailbox.get(this.list.selected);
    if (message) this.openMessage(message);
  }

  onSelected(action) {
    const message = this.mailbox.get(this.list.selected);
    if (!message) return;
    if (action === "star") this.toggle(message, "$flagged");
    else if (action === "unread") this.toggle(message, "$seen");
    else this[action](message);
  }

  back() {
    if (byId("app").dataset.pane === "reader") this.pane("list");
    else if (this.mailbox.text) this.openFolder(this.mailbox.folder);
  }

  pane(name) {
    byId("app").dataset.pane = name;
  }

  signOut(text) {
    this.stream?.close();
    this.outbox.clear();
    this.session.end();
    welcome(this.session, text);
  }

  async #flag(message, flag, on) {
    await this.outbox.add("flags", message.id, on ? { add: [flag] } : { remove: [flag] });
    this.#countSoon();
  }

  // A message leaves the folder: the next one opens, and it comes back if the server refuses.
  async #leave(message, kind, folder, done) {
    const isOpen = this.reader.message?.id === message.id;
    const at = this.mailbox.index(message.id);
    const sent = this.outbox.add(kind, message.id, { folder });
    const next = this.mailbox.messages[Math.min(at, this.mailbox.messages.length - 1)];
    if (isOpen && next && byId("app").dataset.pane === "reader" && matchMedia("(min-width: 1000px)").matches) this.openMessage(next);
    else if (isOpen) {
      this.reader.clear();
      this.pane("list");
    }
    toast(done);
    await sent;
    this.#countSoon();
  }

  // A place to start from: the folders, and the state that the stream goes on from.
  async #begin() {
    const value = await this.turn.take(() => this.api.changes());
    this.shelf.messages.clear();
    apply(this.shelf, value);
    this.folders.show([...this.shelf.folders.values()]);
  }

  #home() {
    return this.folders.withRole("inbox") ?? this.folders.folders.find((folder) => folder.maySelect);
  }

  #listen() {
    this.stream = new Stream(this.api, () => this.shelf.token, {
      state: (state, hello) => this.#connection(state, hello),
      take: (value, id) => this.turn.take(() => this.#take(value, id)),
      resync: ({ folderId }) => folderId === this.mailbox.folder?.id && this.openFolder(this.mailbox.folder, this.mailbox.text),
      refused: () => this.#beginAgain(),
    });
  }

  #take(value, id) {
    apply(this.shelf, value, id);
    this.outbox.follow(value);
    this.mailbox.take(value);
    this.folders.show([...this.shelf.folders.values()], this.mailbox.folder?.id);
    if (!this.shelf.folders.has(this.mailbox.folder?.id)) this.openFolder(this.#home());
    if (this.mailbox.folder && !this.mailbox.text) byId("folder-name").textContent = folderLabel(this.mailbox.folder);
  }

  // The state means nothing to the gateway any more.
  async #beginAgain() {
    await this.#begin();
    await this.openFolder(this.shelf.folders.get(this.mailbox.folder?.id) ?? this.#home(), this.mailbox.text);
  }

  #connection(state, hello) {
    const shown = state === "live" && hello?.watching.some((each) => each.mode === "poll") ? "polling" : state;
    byId("connection").dataset.state = shown;
    byId("connection").lastElementChild.textContent = CONNECTION[shown];
    byId("connection").title = shown === "live" ? "New mail appears the moment it arrives" : "";
    byId("offline").hidden = state !== "waiting";
    if (state !== "live") return;
    this.outbox.send();
    if (this.mailbox.missing) this.more();
    this.reader.tryAgain();
    this.#countSoon();
  }

  #showOutbox() {
    const waiting = this.outbox.changes.length;
    const what = waiting === 1 ? "One change" : `${waiting} changes`;
    byId("waiting").textContent = waiting ? `${what} will be sent when it is back.` : "What you do now will be sent when it is back.";
    this.mailbox.refresh();
  }

  #afterChange() {
    this.#showCount();
    this.#countSoon();
    if (!this.reader.message) return;
    if (this.mailbox.get(this.reader.message.id)) this.reader.refresh();
  }

  #showCount() {
    const { total } = this.mailbox;
    byId("folder-count").textContent = total === null ? "" : `${total} ${total === 1 ? "message" : "messages"}`;
  }

  // Counts come from the server, once for many changes.
  #countSoon() {
    clearTimeout(this.counting);
    this.counting = setTimeout(async () => {
      const folders = await this.api.folders().catch(() => null);
      for (const folder of folders ?? []) if (this.shelf.folders.has(folder.id)) Object.assign(this.shelf.folders.get(folder.id), folder);
      if (folders) this.folders.show([...this.shelf.folders.values()], this.mailbox.folder?.id);
    }, 400);
  }

  #bind() {
    if (this.bound) return;
    this.bound = true;
    byId("menu").replaceChildren(icon("menu"));
    document.querySelector(".search-icon").replaceChildren(icon("search"));
    byId("menu").addEventListener("click", () => byId("app").classList.toggle("menu-open"));
    byId("scrim").addEventListener("click", () => byId("app").classList.remove("menu-open"));
    byId("sign-out").addEventListener("click", () => this.signOut());
    byId("search").addEventListener("submit", (event) => event.preventDefault());
    byId("search-text").addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.openFolder(this.mailbox.folder, byId("search-text").value.trim()), 250);
    });
    addEventListener("online", () => this.stream?.nudge());
    addEventListener("offline", () => this.stream?.drop());
    document.addEventListener("visibilitychange", () => document.hidden || this.stream?.nudge());
    bindKeys(this);
  }
}

function welcome(session, text) {
  byId("app").hidden = true;
  byId("welcome").hidden = false;
  if (text) byId("welcome-text").textContent = text;
  const begin = () => session.begin().catch((error) => welcome(session, `That did not work: ${error.message}`));
  byId("sign-in").onclick = begin;
  return begin;
}

const session = new Session(await (await fetch("/page/config.json")).json());
try {
  if (await session.finish()) await new App(session).start();
  else if (session.wasSignedIn()) await welcome(session)(); // the page was loaded anew: its issuer may know who it is
  else welcome(session);
} catch (error) {
  welcome(session, `That did not work: ${error.message}`);
}
