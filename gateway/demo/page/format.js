// Values as people read them.

const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export function shortDate(text, now = new Date()) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  if (date.toDateString() === now.toDateString()) return time.format(date);
  const age = now - date;
  if (age >= 0 && age < 6 * 86_400_000) return weekday.format(date);
  return date.getFullYear() === now.getFullYear() ? day.format(date) : year.format(date);
}

export function longDate(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : full.format(date);
}

export function size(octets) {
  if (octets < 1000) return `${octets} B`;
  const units = ["kB", "MB", "GB"];
  let value = octets;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const personName = (address) => (address ? address.name || address.email : "(nobody)");

export const people = (addresses) => addresses.map(personName).join(", ");

// A steady hue for a person, so that one finds the same colour for the same sender.
export function hue(text) {
  let sum = 0;
  for (const char of text) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return Math.round(sum / 30) * 30;
}

export const initial = (text) => [...text.replace(/^[^\p{L}\p{N}]+/u, "")][0]?.toUpperCase() ?? "?";
