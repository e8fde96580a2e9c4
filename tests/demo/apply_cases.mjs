// The page's apply over the table that the Python client's apply is held to. Arguments: apply.js and the table.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [script, table] = process.argv.slice(2);
const { apply, emptyShelf } = await import(pathToFileURL(script));
const cases = JSON.parse(await readFile(table, "utf8"));

const fill = ({ token, folders, messages, unread }) => {
  const shelf = emptyShelf();
  shelf.token = token;
  for (const folder of Object.values(folders)) shelf.folders.set(folder.id, folder);
  for (const message of Object.values(messages)) shelf.messages.set(message.id, message);
  for (const id of unread) shelf.unread.add(id);
  return shelf;
};

const dump = (shelf) => ({
  token: shelf.token,
  folders: Object.fromEntries(shelf.folders),
  messages: Object.fromEntries(shelf.messages),
  unread: [...shelf.unread].sort(),
});

for (const { name, before, value, after, token } of cases) {
  const shelf = fill(structuredClone(before));
  for (const round of ["once", "twice"]) {
    apply(shelf, structuredClone(value), token ?? null);
    assert.deepEqual(dump(shelf), after, `${name} (${round})`);
  }
}
console.log(`${cases.length} cases`);
