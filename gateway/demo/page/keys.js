// One key, one action; never while somebody types.

import { byId } from "./dom.js";

export function bindKeys(actions) {
  const keys = {
    j: () => actions.step(1),
    ArrowDown: () => actions.step(1),
    k: () => actions.step(-1),
    ArrowUp: () => actions.step(-1),
    Enter: () => actions.openSelected(),
    e: () => actions.onSelected("archive"),
    "#": () => actions.onSelected("remove"),
    Delete: () => actions.onSelected("remove"),
    s: () => actions.onSelected("star"),
    u: () => actions.onSelected("unread"),
    "/": () => byId("search-text").focus(),
    "?": () => byId("help").showModal(),
    Escape: () => actions.back(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("app").hidden || byId("help").open) return;
    const { target } = event;
    if (target.matches("input, select, textarea")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.key === "Enter" && target.matches("button, a")) return;
    if (event.key.startsWith("Arrow") && !target.closest("#rows") && target !== document.body) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
