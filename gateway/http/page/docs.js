// Shows /openapi.json. Every text goes in as text, never as markup.
"use strict";

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function kind(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return make("a", { href: "#schema-" + name }, name);
  }
  const label = make("code", {});
  if (schema.anyOf) {
    schema.anyOf.forEach((one, index) => label.append(index ? " | " : "", kind(one)));
  } else if (schema.type === "array") {
    label.append("[", kind(schema.items ?? {}), "]");
  } else if (schema.enum) {
    label.append(schema.enum.map((value) => JSON.stringify(value)).join(" | "));
  } else {
    label.append(schema.type ?? "octets", schema.format ? ` (${schema.format})` : "");
  }
  return label;
}

function bounds(schema) {
  const words = { minimum: "at least", maximum: "at most", minLength: "min length", maxLength: "max length",
    maxItems: "max items", pattern: "pattern", default: "default" };
  return Object.entries(words)
    .filter(([name]) => schema[name] !== undefined)
    .map(([name, word]) => `${word} ${typeof schema[name] === "string" ? schema[name] : JSON.stringify(schema[name])}`)
    .join("; ");
}

function rows(heads, lines) {
  const head = make("tr", {}, ...heads.map((text) => make("th", {}, text)));
  return make("table", {}, head, ...lines.map((line) => make("tr", {}, ...line.map((cell) => make("td", {}, cell)))));
}

function parameters(operation) {
  if (!operation.parameters.length) return null;
  const lines = operation.parameters.map((one) => [
    make("code", {}, one.name + (one.required ? " *" : "")), one.in, kind(one.schema),
    [one.description, bounds(one.schema)].filter(Boolean).join("; "),
  ]);
  return make("div", {}, make("h3", {}, "Parameters"), rows(["name", "in", "type", ""], lines));
}

function contents(content) {
  return Object.entries(content ?? {}).map(([type, one]) => {
    const block = make("div", {}, make("code", {}, type), " ", kind(one.schema));
    if (one.example) block.append(make("pre", {}, JSON.stringify(one.example, null, 2)));
    if (one.examples) block.append(make("div", {}, Object.keys(one.examples).join(", ")));
    return block;
  });
}

function operation(method, path, details) {
  const scopes = details.security.flatMap((one) => Object.values(one).flat());
  const head = make("summary", {}, make("span", { class: "scope" }, scopes.join(" ") || "public"),
    make("span", { class: "method" }, method.toUpperCase()), make("code", {}, path),
    make("span", { class: "about" }, details.summary));
  const answers = Object.entries(details.responses).map(([status, one]) =>
    [make("code", {}, status), make("div", {}, one.description, ...contents(one.content))]);
  const body = details.requestBody;
  return make("details", { id: details.operationId }, head,
    details.description ? make("p", {}, details.description) : null,
    parameters(details),
    body ? make("div", {}, make("h3", {}, "Body"), ...contents(body.content)) : null,
    make("h3", {}, "Answers"), rows(["status", ""], answers));
}

function schema(name, value) {
  const required = new Set(value.required ?? []);
  const lines = Object.entries(value.properties ?? {}).map(([field, one]) =>
    [make("code", {}, field + (required.has(field) ? " *" : "")), kind(one),
      [one.description, bounds(one)].filter(Boolean).join("; ")]);
  return make("details", { id: "schema-" + name }, make("summary", {}, make("code", {}, name),
    make("span", { class: "about" }, value.description ?? "")), rows(["member", "type", ""], lines));
}

function show(described) {
  document.getElementById("title").textContent = `${described.info.title} API ${described.info.version}`;
  document.getElementById("summary").textContent = described.info.summary;
  const main = document.getElementById("operations");
  main.replaceChildren();
  for (const { name } of described.tags) {
    const section = make("section", {}, make("h2", {}, name));
    for (const [path, methods] of Object.entries(described.paths)) {
      for (const [method, details] of Object.entries(methods)) {
        if (details.tags.includes(name)) section.append(operation(method, path, details));
      }
    }
    main.append(section);
  }
  const schemas = document.getElementById("schemas");
  schemas.append(...Object.entries(described.components.schemas).map(([name, value]) => schema(name, value)));
}

function follow() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const one of document.querySelectorAll("#operations details")) {
    one.hidden = !one.querySelector("summary").textContent.toLowerCase().includes(wanted);
  }
});
addEventListener("hashchange", follow);

fetch("/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(show)
  .then(follow)
  .catch((error) => { document.getElementById("operations").textContent = `The document can't be shown: ${error.message}`; });
