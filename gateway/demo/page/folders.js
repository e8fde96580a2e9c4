// The folder tree with its unread counts.

import { byId, h, icon } from "./dom.js";

const ORDER = ["inbox", "flagged", "drafts", "sent", "archive", "junk", "trash", "all"];
const LABELS = { inbox: "Inbox" };

const rank = (folder) => {
  const at = ORDER.indexOf(folder.role);
  return at < 0 ? ORDER.length : at;
};

export const folderLabel = (folder) => LABELS[folder.role] ?? folder.name;

export class FolderList {
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.folders = [];
    this.openId = null;
    this.root = byId("folders");
  }

  show(folders, openId = this.openId) {
    this.folders = folders;
    this.openId = openId;
    const children = Map.groupBy?.(folders, (folder) => folder.parentId) ?? group(folders);
    const known = new Set(folders.map((folder) => folder.id));
    const roots = folders.filter((folder) => !known.has(folder.parentId));
    const focused = document.activeElement?.dataset?.folder;
    this.root.replaceChildren(this.#level(roots, children, 0));
    if (focused) this.root.querySelector(`[data-folder="${CSS.escape(focused)}"]`)?.focus();
  }

  find(id) {
    return this.folders.find((folder) => folder.id === id);
  }

  withRole(role) {
    return this.folders.find((folder) => folder.role === role);
  }

  #level(folders, children, depth) {
    const sorted = [...folders].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    return h("ul", {}, ...sorted.map((folder) => this.#item(folder, children, depth)));
  }

  #item(folder, children, depth) {
    const below = children.get(folder.id) ?? [];
    const unread = folder.role === "trash" || folder.role === "junk" ? 0 : folder.unreadMessages;
    const button = h(
      "button",
      {
        type: "button",
        class: "folder",
        data: { folder: folder.id, depth },
        disabled: !folder.maySelect,
        "aria-current": folder.id === this.openId ? "page" : undefined,
        title: folder.path.join(" / "),
        onclick: () => this.onOpen(folder),
      },
      icon(folder.role ?? "folder"),
      h("span", { class: "folder-name", dir: "auto" }, folderLabel(folder)),
      unread > 0 && h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)),
    );
    return h("li", {}, button, below.length ? this.#level(below, children, depth + 1) : null);
  }
}

function group(folders) {
  const found = new Map();
  for (const folder of folders) found.set(folder.parentId, [...(found.get(folder.parentId) ?? []), folder]);
  return found;
}
