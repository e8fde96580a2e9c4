// Puts the pieces together.

import { Api } from "./api.js";
import { byId, icon, toast } from "./dom.js";
import { FolderList, folderLabel } from "./folders.js";
import { bindKeys } from "./keys.js";
import { MessageList } from "./list.js";
import { Mailbox } from "./mailbox.js";
import { Reader } from "./reader.js";
import { Session } from "./session.js";
import { Stream } from "./stream.js";

const CONNECTION = { live: "Live", connecting: "Connecting", waiting: "Reconnecting", polling: "Live, polled" };

class App {
  constructor(session) {
    this.session = session;
    this.api = new Api(session, () => this.signOut("Your session has ended. Please sign in again."));
    this.mailbox = new Mailbox();
    this.folders = new FolderList((folder) => this.openFolder(folder));
    this.list = new MessageList(this.mailbox, {
      onOpen: (message) => this.openMessage(message),
      onMore: () => this.more(),
      onStar: (message) => this.toggle(message, "$flagged"),
    });
    this.reader = new Reader(this.api, this, this.folders);
    this.mailbox.addEventListener("changed", () => this.#afterChange());
    this.mailbox.addEventListener("page", () => this.#showCount());
  }

  async start() {
    byId("welcome").hidden = true;
    byId("app").hidden = false;
    this.#bind();
    const account = await this.api.account();
    byId("account").textContent = account.address;
    this.folders.show(await this.api.folders());
    await this.openFolder(this.folders.withRole("inbox") ?? this.folders.folders.find((folder) => folder.maySelect));
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
    this.stream?.close();
    this.loading = null;
    if (await this.more()) this.#listen(folder);
  }

  // The next page; scrolling may ask many times while one is on its way.
  async more() {
    if (this.loading || this.mailbox.complete) return false;
    const { folder, text, cursor } = this.mailbox;
    const mine = (this.loading = {});
    try {
      const page = await this.api.page(folder.id, { cursor, text });
      if (this.loading !== mine) return false;
      this.loading = null;
      this.mailbox.addPage(page);
      return true;
    } catch (error) {
      if (this.loading === mine) this.loading = null;
      toast(error.message);
      return false;
    }
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
    return this.#leave(message, () => this.api.move(message.id, folder.id), `Moved to ${folderLabel(folder)}`);
  }

  remove(message) {
    return this.#leave(message, () => this.api.remove(message.id), "Deleted");
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
    this.session.end();
    welcome(this.session, text);
  }

  async #flag(message, flag, on) {
    const before = message.flags;
    this.mailbox.expect(message.id, { flags: on ? [...before, flag] : before.filter((each) => each !== flag) });
    try {
      await this.api.flag(message.id, on ? { add: [flag] } : { remove: [flag] });
      this.#countSoon();
    } catch (error) {
      this.mailbox.expect(message.id, { flags: before });
      toast(error.message);
    }
  }

  // A message leaves the folder: the next one opens, and it comes back if the server refuses.
  async #leave(message, act, done) {
    const isOpen = this.reader.message?.id === message.id;
    const at = this.mailbox.index(message.id);
    const putBack = this.mailbox.take(message.id);
    const next = this.mailbox.messages[Math.min(at, this.mailbox.messages.length - 1)];
    if (isOpen && next && byId("app").dataset.pane === "reader" && matchMedia("(min-width: 1000px)").matches) this.openMessage(next);
    else if (isOpen) {
      this.reader.clear();
      this.pane("list");
    }
    try {
      await act();
      toast(done);
      this.#countSoon();
    } catch (error) {
      putBack();
      toast(error.message);
    }
  }

  #listen(folder) {
    const current = () => this.mailbox.folder?.id === folder.id;
    this.stream = new Stream(this.api, folder.id, this.mailbox.state, {
      state: (state, hello) => current() && this.#connection(state, hello),
      changes: (changes) => this.mailbox.apply(changes),
      resync: () => current() && this.openFolder(folder, this.mailbox.text),
    });
  }

  #connection(state, hello) {
    const shown = state === "live" && hello?.watching.some((each) => each.mode === "poll") ? "polling" : state;
    byId("connection").dataset.state = shown;
    byId("connection").lastElementChild.textContent = CONNECTION[shown];
    byId("connection").title = shown === "live" ? "New mail appears the moment it arrives" : "";
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
      if (folders) this.folders.show(folders);
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
    document.addEventListener("visibilitychange", () => document.hidden || this.stream?.nudge());
    bindKeys(this);
  }
}

function welcome(session, text) {
  byId("app").hidden = true;
  byId("welcome").hidden = false;
  if (text) byId("welcome-text").textContent = text;
  byId("sign-in").onclick = () => session.begin();
}

const session = new Session(await (await fetch("/page/config.json")).json());
const returned = await session.finish();
if (returned || session.token) {
  await new App(session).start().catch((error) => welcome(session, `That did not work: ${error.message}`));
} else {
  welcome(session);
}
