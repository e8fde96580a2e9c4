// What the page has, and the one function that takes in all that the API tells: pulled or pushed, of a folder, of the
// folder list or of the account. The Python client's apply is held to the same table (tests/client/apply_cases.json).
// apply.js beside it is this file without its types: scripts/page makes it.
export const emptyShelf = () => ({
    token: null,
    folders: new Map(),
    messages: new Map(),
    unread: new Set(),
    stale: new Set(),
});
// Twice is once, and what is here already does no harm. `token` is the id of the event that carried the value.
export function apply(shelf, value, token = null) {
    if ("folderId" in value)
        applyFolder(shelf, value);
    else if ("folders" in value) {
        applyList(shelf, value.folders, value.oldState === null);
        for (const each of value.changes)
            applyFolder(shelf, each);
        token = value.newState;
    }
    else
        applyList(shelf, value, false);
    if (token !== null)
        shelf.token = token;
}
// A message as it is told now; who holds the object it is in sees it change.
export function put(shelf, message) {
    const known = shelf.messages.get(message.id);
    shelf.messages.set(message.id, known ? Object.assign(known, message) : message);
    shelf.stale.delete(message.id);
}
// The same message under another id.
export function rename(shelf, old, id, folderId) {
    const message = shelf.messages.get(old);
    if (!message)
        return;
    shelf.messages.delete(old);
    shelf.stale.delete(old);
    shelf.messages.set(id, Object.assign(message, { id, folderId }));
}
export function forget(shelf, id) {
    shelf.messages.delete(id);
    shelf.stale.delete(id);
}
// `first`: a place to start from, so `created` are all there are, and their messages are on pages.
function applyList(shelf, value, first) {
    for (const id of value.destroyed)
        dropFolder(shelf, id);
    for (const { id, folder } of value.renamed)
        renameFolder(shelf, id, folder);
    if (first)
        start(shelf, value.created);
    else
        for (const folder of value.created)
            putFolder(shelf, folder);
    for (const folder of value.updated) {
        putFolder(shelf, folder);
        if (!(folder.maySelect ?? true))
            empty(shelf, folder.id); // deleted, with others below it
    }
}
function start(shelf, folders) {
    const listed = new Set(folders.map((folder) => folder.id));
    for (const id of [...shelf.folders.keys()])
        if (!listed.has(id))
            dropFolder(shelf, id);
    for (const folder of folders) {
        putFolder(shelf, folder);
        if (folder.maySelect ?? true)
            shelf.unread.add(folder.id);
    }
}
function putFolder(shelf, folder) {
    const known = shelf.folders.get(folder.id);
    shelf.folders.set(folder.id, known ? Object.assign(known, folder) : folder);
}
function dropFolder(shelf, id) {
    empty(shelf, id);
    shelf.folders.delete(id);
}
function empty(shelf, id) {
    for (const message of inFolder(shelf, id))
        forget(shelf, message.id);
    shelf.unread.delete(id);
}
// Its messages stay under their old ids until their new ones are told.
function renameFolder(shelf, old, folder) {
    for (const message of inFolder(shelf, old)) {
        message.folderId = folder.id;
        shelf.stale.add(message.id);
    }
    if (shelf.unread.delete(old))
        shelf.unread.add(folder.id);
    shelf.folders.delete(old);
    putFolder(shelf, folder);
}
function applyFolder(shelf, value) {
    const folder = shelf.folders.get(value.folderId);
    if (!folder)
        return; // it is gone already; should it come again, it comes whole
    if (value.moved) {
        for (const { id, newId } of value.moved)
            rename(shelf, id, newId, folder.id);
        for (const message of inFolder(shelf, folder.id))
            if (shelf.stale.has(message.id))
                forget(shelf, message.id);
    }
    for (const message of value.created)
        put(shelf, message);
    for (const { id, flags } of value.updated) {
        const message = shelf.messages.get(id);
        if (message)
            message.flags = flags;
    }
    for (const id of value.destroyed)
        forget(shelf, id);
    if (value.coverage.destroyed === "window")
        keepOnly(shelf, value);
    if (typeof value.totalMessages === "number")
        folder.totalMessages = value.totalMessages;
}
// Deletions that could not be named: what is neither there nor new is gone.
function keepOnly(shelf, value) {
    const left = new Set([...value.coverage.present, ...value.created.map((message) => message.id)]);
    for (const message of inFolder(shelf, value.folderId))
        if (!left.has(message.id))
            forget(shelf, message.id);
}
export function inFolder(shelf, id) {
    return [...shelf.messages.values()].filter((message) => message.folderId === id);
}
