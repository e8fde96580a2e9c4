// One message, open: its sanitised HTML in a frame that can run nothing, or its text.

import { byId, h, icon, toast } from "./dom.js";
import { hue, initial, longDate, people, personName, size } from "./format.js";
import { folderLabel } from "./folders.js";

const FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src blob: data:";
const FRAME_STYLE =
  "html{background:#fff;color:#1b2330;color-scheme:light}body{margin:0;padding:16px;font:15px/1.6 system-ui,sans-serif;" +
  "overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}";

export class Reader {
  constructor(api, actions, folders) {
    Object.assign(this, { api, actions, folders, message: null, blobs: [] });
    this.root = byId("reader");
    this.clear();
  }

  clear() {
    this.message = null;
    this.#forget();
    this.root.replaceChildren(
      h("div", { class: "nothing" }, icon("unread"), h("p", {}, "Choose a message"), h("p", { class: "quiet" }, "or press ", h("kbd", {}, "j"), " – ", h("kbd", {}, "?"), " shows all keys")),
    );
  }

  async open(message) {
    this.message = message;
    this.failed = false;
    this.#forget();
    const content = h("div", { class: "content loading" });
    const sender = message.from[0];
    this.root.replaceChildren(
      this.#toolbar(message),
      h(
        "header",
        { class: "message-head" },
        h("h1", { dir: "auto" }, message.subject || "(no subject)"),
        h(
          "div",
          { class: "sender" },
          h("span", { class: "avatar large", data: { hue: hue(personName(sender)) }, "aria-hidden": "true" }, initial(personName(sender))),
          h(
            "div",
            {},
            h("p", {}, h("strong", { dir: "auto" }, personName(sender)), sender?.name && h("span", { class: "quiet" }, ` ${sender.email}`)),
            h("p", { class: "quiet", dir: "auto" }, `to ${people(message.to) || "nobody"}${message.cc.length ? `, copy to ${people(message.cc)}` : ""}`),
          ),
          h("time", { class: "quiet", datetime: message.receivedAt }, longDate(message.receivedAt)),
        ),
      ),
      content,
    );
    this.root.scrollTop = 0;
    try {
      const body = await this.api.body(message.id);
      if (this.message === message) this.#fill(content, message, body);
    } catch (error) {
      if (this.message !== message) return;
      this.failed = true;
      content.replaceChildren(h("p", { class: "note" }, `The message can't be shown: ${error.message}`));
    }
    content.classList.remove("loading");
  }

  // There is a connection again.
  tryAgain() {
    if (this.message && this.failed) this.open(this.message);
  }

  // The flags of the open message changed, here or elsewhere.
  refresh() {
    if (this.message) this.root.querySelector(".toolbar")?.replaceWith(this.#toolbar(this.message));
  }

  #toolbar(message) {
    const seen = message.flags.includes("$seen");
    const starred = message.flags.includes("$flagged");
    const button = (name, label, act, extra = {}) =>
      h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick: act, ...extra }, icon(name));
    return h(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "Message" },
      button("back", "Back to the list", () => this.actions.back(), { class: "icon-button only-narrow" }),
      button("archive", "Archive (e)", () => this.actions.archive(message)),
      button("trash", "Delete (#)", () => this.actions.remove(message)),
      button("unread", seen ? "Mark as unread (u)" : "Mark as read (u)", () => this.actions.toggle(message, "$seen")),
      button("flagged", "Star (s)", () => this.actions.toggle(message, "$flagged"), { class: "icon-button star", "aria-pressed": String(starred) }),
      h("label", { class: "move" }, icon("move"), this.#destinations(message)),
    );
  }

  #destinations(message) {
    const select = h(
      "select",
      { "aria-label": "Move to", onchange: () => this.actions.move(message, this.folders.find(select.value)) },
      h("option", { value: "" }, "Move to…"),
      ...this.folders.folders
        .filter((folder) => folder.maySelect && folder.id !== message.folderId)
        .map((folder) => h("option", { value: folder.id }, folder.parentId ? folder.path.join(" / ") : folderLabel(folder))),
    );
    return select;
  }

  #fill(content, message, body) {
    const inline = new Set((body.html?.value.match(/\/parts\/[\d.]+/g) ?? []).map((path) => path.slice(7)));
    const attachments = body.attachments.filter((part) => !inline.has(part.partId));
    const blocked = body.blockedRemote;
    content.replaceChildren(
      blocked > 0 ? h("p", { class: "note" }, icon("shield"), `${blocked} remote ${blocked === 1 ? "reference" : "references"} taken out: the sender can't see that you read this.`) : "",
      attachments.length ? h("div", { class: "attachments" }, ...attachments.map((part) => this.#attachment(message, part))) : "",
      body.html ? this.#frame(body.html.value) : h("div", { class: "text", dir: "auto" }, body.text?.value ?? ""),
    );
  }

  #attachment(message, part) {
    const name = part.name || `part ${part.partId}`;
    const chip = h(
      "button",
      { type: "button", class: "attachment", title: `Download ${name}`, onclick: () => this.#download(message, part, name) },
      h("span", { class: "kind", data: { hue: hue(part.type) } }, kind(part, name)),
      h("span", { class: "file" }, h("strong", { dir: "auto" }, name), h("small", {}, size(part.encoding === "base64" ? Math.round(part.size * 0.73) : part.size))),
      icon("download"),
    );
    return chip;
  }

  async #download(message, part, name) {
    try {
      const href = part.href ?? `${this.api.base}/messages/${message.id}/parts/${part.partId}`;
      const url = URL.createObjectURL(await this.api.blob(href));
      h("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      toast(`${name}: ${error.message}`);
    }
  }

  // No allow-scripts: nothing in the frame runs. allow-same-origin only lets this page measure it and fill in pictures.
  #frame(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const image of parsed.querySelectorAll("img[src^='/']")) {
      image.setAttribute("data-part", image.getAttribute("src"));
      image.removeAttribute("src");
    }
    for (const link of parsed.querySelectorAll("a[href]")) {
      link.setAttribute("target", "_blank");
      link.setAttribute("rel", "noopener noreferrer");
    }
    const frame = h("iframe", { class: "paper", title: "Message", sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox" });
    frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}"><meta name="referrer" content="no-referrer"><style>${FRAME_STYLE}</style>${parsed.body.innerHTML}`;
    frame.addEventListener("load", () => {
      for (const image of frame.contentDocument.querySelectorAll("img[data-part]")) this.#picture(image, () => fit(frame));
      new ResizeObserver(() => fit(frame)).observe(this.root);
    });
    return frame;
  }

  async #picture(image, shown) {
    const url = URL.createObjectURL(await this.api.blob(image.dataset.part).catch(() => new Blob()));
    this.blobs.push(url);
    image.addEventListener("load", shown);
    image.src = url;
  }

  #forget() {
    for (const url of this.blobs.splice(0)) URL.revokeObjectURL(url);
  }
}

// As tall as the mail is, and a mail that is too wide is made smaller.
function fit(frame) {
  const root = frame.contentDocument?.documentElement;
  if (!root) return;
  const { body } = frame.contentDocument;
  body.style.zoom = 1;
  const wide = root.scrollWidth / root.clientWidth;
  if (wide > 1.01) body.style.zoom = Math.max(0.4, 1 / wide);
  frame.style.height = "10px";
  frame.style.height = `${Math.max(80, Math.min(20_000, root.scrollHeight + 2))}px`;
}

function kind(part, name) {
  const end = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? part.type.split("/")[1] ?? "";
  return end.slice(0, 4).toUpperCase();
}
