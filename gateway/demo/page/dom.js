// Elements without HTML strings: text stays text, whatever a message says.

export function h(name, props = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  inbox: "M4 13h4l2 3h4l2-3h4M4 13l3-8h10l3 8v6H4z",
  sent: "M21 3 10 14M21 3l-7 18-4-7-7-4z",
  drafts: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  archive: "M4 8h16v12H4zM3 4h18v4H3zM10 12h4",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  junk: "M12 3l9 5v8l-9 5-9-5V8zM12 8v5M12 16v.5",
  flagged: "M12 3l2.800 5.700 6.200.9-4.500 4.400 1 6.200-5.500-3-5.500 3 1-6.200L3 9.600l6.200-.9z",
  folder: "M3 6h6l2 2h10v11H3z",
  all: "M4 6h16M4 12h16M4 18h16",
  clip: "M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.400 3.400 0 0 1 5 5l-8.500 8.400a1.700 1.700 0 0 1-2.500-2.400L14.500 8",
  unread: "M3 7h18v12H3zM3 8l9 6 9-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  back: "M15 5l-7 7 7 7",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.500 16.500 21 21",
  move: "M3 6h6l2 2h10v11H3zM9 13.500h6M13 11l2.500 2.500L13 16",
  download: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
  shield: "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.folder);
  svg.append(path);
  return svg;
}

export const byId = (id) => document.getElementById(id);

export function toast(text) {
  const note = h("p", {}, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 4500);
}
