// What the page has, and the one function that takes in all that the API tells: pulled or pushed, of a folder, of the
// folder list or of the account. The Python client's apply is held to the same table (tests/client/apply_cases.json).
// apply.js beside it is this file without its types: scripts/page makes it.

export interface Message {
  id: string;
  folderId: string;
  flags: string[];
  receivedAt: string;
  [member: string]: unknown;
}

export interface Folder {
  id: string;
  name: string;
  path: string[];
  role?: string | null;
  maySelect?: boolean;
  totalMessages?: number | null;
  [member: string]: unknown;
}

export interface Changes {
  folderId: string;
  oldState: string;
  newState: string;
  hasMore: boolean;
  coverage: { destroyed: "all" | "window"; present: string[] };
  created: Message[];
  updated: { id: string; flags: string[] }[];
  destroyed: string[];
  moved?: { id: string; newId: string }[];
  totalMessages?: number | null;
}

export interface FolderChanges {
  created: Folder[];
  updated: Folder[];
  renamed: { id: string; folder: Folder }[];
  destroyed: string[];
}

export interface AccountChanges {
  oldState: string | null;
  newState: string;
  hasMore: boolean;
  folders: FolderChanges;
  changes: Changes[];
}

export type Value = Changes | FolderChanges | AccountChanges;

// `unread`: folders whose pages are to be read, from the top. `stale`: messages still under the id that they had before
// their folder was renamed. `token`: the account's state that all this is of.
export interface Shelf {
  token: string | null;
  folders: Map<string, Folder>;
  messages: Map<string, Message>;
  unread: Set<string>;
  stale: Set<string>;
}

export const emptyShelf = (): Shelf => ({
  token: null,
  folders: new Map(),
  messages: new Map(),
  unread: new Set(),
  stale: new Set(),
});

// Twice is once, and what is here already does no harm. `token` is the id of the event that carried the value.
export function apply(shelf: Shelf, value: Value, token: string | null = null): void {
  if ("folderId" in value) applyFolder(shelf, value);
  else if ("folders" in value) {
    applyList(shelf, value.folders, value.oldState === null);
    for (const each of value.changes) applyFolder(shelf, each);
    token = value.newState;
  } else applyList(shelf, value, false);
  if (token !== null) shelf.token = token;
}

// A message as it is told now; who holds the object it is in sees it change.
export function put(shelf: Shelf, message: Message): void {
  const known = shelf.messages.get(message.id);
  shelf.messages.set(message.id, known ? Object.assign(known, message) : message);
  shelf.stale.delete(message.id);
}

// The same message under another id.
export function rename(shelf: Shelf, old: string, id: string, folderId: string): void {
  const message = shelf.messages.get(old);
  if (!message) return;
  shelf.messages.delete(old);
  shelf.stale.delete(old);
  shelf.messages.set(id, Object.assign(message, { id, folderId }));
}

export function forget(shelf: Shelf, id: string): void {
  shelf.messages.delete(id);
  shelf.stale.delete(id);
}

// `first`: a place to start from, so `created` are all there are, and their messages are on pages.
function applyList(shelf: Shelf, value: FolderChanges, first: boolean): void {
  for (const id of value.destroyed) dropFolder(shelf, id);
  for (const { id, folder } of value.renamed) renameFolder(shelf, id, folder);
  if (first) start(shelf, value.created);
  else for (const folder of value.created) putFolder(shelf, folder);
  for (const folder of value.updated) {
    putFolder(shelf, folder);
    if (!(folder.maySelect ?? true)) empty(shelf, folder.id); // deleted, with others below it
  }
}

function start(shelf: Shelf, folders: Folder[]): void {
  const listed = new Set(folders.map((folder) => folder.id));
  for (const id of [...shelf.folders.keys()]) if (!listed.has(id)) dropFolder(shelf, id);
  for (const folder of folders) {
    putFolder(shelf, folder);
    if (folder.maySelect ?? true) shelf.unread.add(folder.id);
  }
}

function putFolder(shelf: Shelf, folder: Folder): void {
  const known = shelf.folders.get(folder.id);
  shelf.folders.set(folder.id, known ? Object.assign(known, folder) : folder);
}

function dropFolder(shelf: Shelf, id: string): void {
  empty(shelf, id);
  shelf.folders.delete(id);
}

function empty(shelf: Shelf, id: string): void {
  for (const message of inFolder(shelf, id)) forget(shelf, message.id);
  shelf.unread.delete(id);
}

// Its messages stay under their old ids until their new ones are told.
function renameFolder(shelf: Shelf, old: string, folder: Folder): void {
  for (const message of inFolder(shelf, old)) {
    message.folderId = folder.id;
    shelf.stale.add(message.id);
  }
  if (shelf.unread.delete(old)) shelf.unread.add(folder.id);
  shelf.folders.delete(old);
  putFolder(shelf, folder);
}

function applyFolder(shelf: Shelf, value: Changes): void {
  const folder = shelf.folders.get(value.folderId);
  if (!folder) return; // it is gone already; should it come again, it comes whole
  if (value.moved) {
    for (const { id, newId } of value.moved) rename(shelf, id, newId, folder.id);
    for (const message of inFolder(shelf, folder.id)) if (shelf.stale.has(message.id)) forget(shelf, message.id);
  }
  for (const message of value.created) put(shelf, message);
  for (const { id, flags } of value.updated) {
    const message = shelf.messages.get(id);
    if (message) message.flags = flags;
  }
  for (const id of value.destroyed) forget(shelf, id);
  if (value.coverage.destroyed === "window") keepOnly(shelf, value);
  if (typeof value.totalMessages === "number") folder.totalMessages = value.totalMessages;
}

// Deletions that could not be named: what is neither there nor new is gone.
function keepOnly(shelf: Shelf, value: Changes): void {
  const left = new Set([...value.coverage.present, ...value.created.map((message) => message.id)]);
  for (const message of inFolder(shelf, value.folderId)) if (!left.has(message.id)) forget(shelf, message.id);
}

export function inFolder(shelf: Shelf, id: string): Message[] {
  return [...shelf.messages.values()].filter((message) => message.folderId === id);
}
