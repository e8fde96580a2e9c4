// The message list: it grows as one scrolls, and a new message slides in at its place.

import { byId, h, icon } from "./dom.js";
import { hue, initial, people, personName, shortDate } from "./format.js";

export class MessageList {
  constructor(mailbox, { onOpen, onMore, onStar }) {
    Object.assign(this, { mailbox, onOpen, onMore, onStar, selected: null });
    this.root = byId("rows");
    this.rows = new Map();
    this.end = h("div", { class: "end" });
    this.watch = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.onMore(), {
      root: this.root,
      rootMargin: "400px",
    });
    mailbox.addEventListener("reset", () => this.clear());
    mailbox.addEventListener("page", () => this.draw([]));
    mailbox.addEventListener("changed", (event) => this.draw(event.detail.fresh));
  }

  clear() {
    this.rows.clear();
    this.selected = null;
    this.watch.disconnect();
    this.root.replaceChildren(...Array.from({ length: 9 }, () => h("div", { class: "row ghost", "aria-hidden": "true" })));
  }

  draw(fresh) {
    const isFresh = new Set(fresh);
    const rows = this.mailbox.messages.map((message) => this.#row(message, isFresh.has(message.id)));
    const empty = rows.length === 0 && this.mailbox.complete;
    this.end.textContent = empty ? (this.mailbox.text ? "Nothing found." : "Nothing here.") : "";
    this.end.classList.toggle("empty", empty);
    place(this.root, [...rows, this.end]);
    for (const id of this.rows.keys()) if (!this.mailbox.get(id)) this.rows.delete(id);
    this.watch.disconnect();
    if (!this.mailbox.complete) this.watch.observe(this.end);
  }

  select(id, { focus = false } = {}) {
    this.rows.get(this.selected)?.node.setAttribute("aria-selected", "false");
    this.selected = id;
    const row = this.rows.get(id)?.node;
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.root.setAttribute("aria-activedescendant", row.id);
    if (focus) this.root.focus({ preventScroll: true });
  }

  // The message `step` rows away from the selected one.
  neighbour(step) {
    const { messages } = this.mailbox;
    const at = this.mailbox.index(this.selected);
    return messages[at < 0 ? 0 : Math.max(0, Math.min(messages.length - 1, at + step))];
  }

  #row(message, isFresh) {
    const print = JSON.stringify([message.flags, message.pending, shortDate(message.receivedAt)]);
    const kept = this.rows.get(message.id);
    if (kept?.print === print) return kept.node;
    const node = this.#make(message, isFresh);
    this.rows.set(message.id, { node, print });
    if (kept?.node.isConnected) kept.node.replaceWith(node);
    return node;
  }

  #make(message, isFresh) {
    const unread = !message.flags.includes("$seen");
    const starred = message.flags.includes("$flagged");
    const outgoing = ["sent", "drafts"].includes(this.mailbox.folder?.role);
    const who = outgoing ? `To ${people(message.to)}` : personName(message.from[0]);
    const star = h(
      "button",
      {
        type: "button",
        class: "star",
        tabindex: "-1",
        "aria-pressed": String(starred),
        "aria-label": "Star",
        onclick: (event) => {
          event.stopPropagation();
          this.onStar(message);
        },
      },
      icon("flagged"),
    );
    return h(
      "div",
      {
        id: `row-${message.id}`,
        role: "option",
        class: ["row", unread && "unread", isFresh && "fresh", message.pending && "pending"].filter(Boolean).join(" "),
        "aria-selected": String(message.id === this.selected),
        "aria-label": `${unread ? "Unread, " : ""}${who}: ${message.subject ?? "no subject"}`,
        onclick: () => this.onOpen(message),
      },
      h("span", { class: "avatar", data: { hue: hue(who) }, "aria-hidden": "true" }, initial(who.replace(/^To /, ""))),
      h(
        "span",
        { class: "lines" },
        h("span", { class: "line" }, h("span", { class: "who", dir: "auto" }, who), h("time", { class: "when", datetime: message.receivedAt }, shortDate(message.receivedAt))),
        h("span", { class: "line" }, h("span", { class: "subject", dir: "auto" }, message.subject || "(no subject)"), message.hasAttachment && icon("clip"), star),
        message.preview && h("span", { class: "preview", dir: "auto" }, message.preview),
      ),
    );
  }
}

// Bring the children in order with as few moves as possible: a row that stays is not touched.
function place(root, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...root.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (root.children[at] !== node) root.insertBefore(node, root.children[at] ?? null);
  });
}
