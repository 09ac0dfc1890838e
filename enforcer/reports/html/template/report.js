"use strict";

// The page is readable without this: here are filters, links, keys, the theme, and the pictures.

const data = JSON.parse(document.getElementById("data").textContent);
const findings = [...document.querySelectorAll(".finding")];
const byId = (id) => document.getElementById(id);

// --- theme: what the system wants, until the reader says otherwise ------------------------------

function storedTheme(theme) {
  // A page from a disk may have no storage.
  try {
    if (theme) localStorage.setItem("enforcer-theme", theme);
    return localStorage.getItem("enforcer-theme");
  } catch {
    return null;
  }
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function otherTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = (document.documentElement.dataset.theme || system) === "dark" ? "light" : "dark";
  setTheme(theme);
  storedTheme(theme);
}

// --- pictures -----------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Points are [x, y, x, y, ...]; between two of them the line leaves and arrives level.
function path(points) {
  let text = `M${points[0]} ${points[1]}`;
  for (let at = 2; at < points.length; at += 2) {
    const [x, y, toX, toY] = points.slice(at - 2, at + 2);
    const middle = (x + toX) / 2;
    text += `C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
  }
  return text;
}

function arrow(role, points) {
  // A write goes beside the line of a dependency, where there is one.
  if (role === "write") points = points.map((value, at) => (at % 2 ? value - 7 : value));
  const [x, y] = points.slice(-2);
  const from = points[points.length - 4] > x ? 1 : -1;
  const head = `M${x} ${y}l${8 * from} -4v8z`;
  return svg("g", { class: `edge ${role}` }, svg("path", { d: path(points) }), svg("path", { class: "head", d: head }));
}

function box(height, [label, name, role, x, y, width]) {
  const title = { job: "changed it: ", owner: "was changed: ", both: "changed and was changed: " }[role] || "";
  return svg(
    "g", { class: `node ${role}` },
    svg("title", {}, title + name),
    svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 4 }),
    svg("text", { x, y: y + 4 }, label),
  );
}

function draw(figure, number) {
  const [width, height, boxHeight, nodes, edges] = data.pictures[number];
  const named = (role) => nodes.filter((node) => node[2] === role).map((node) => node[1]);
  const [owner] = [...named("owner"), ...named("both")];
  const label = `Elements around ${owner}: ${nodes.map((node) => node[1]).join(", ")}`;
  const lines = edges.map(([role, points]) => arrow(role, points));
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
    ...lines, ...nodes.map((node) => box(boxHeight, node)),
  );
  const caption = document.createElement("figcaption");
  const [job] = named("job");
  caption.textContent = job
    ? `${job} changed ${owner}. Lines lead from elements to what they depend on.`
    : `${owner}, and what depends on it.`;
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.append(picture);
  figure.replaceChildren(scroll, caption);
  figure.dataset.picture = number;
  figure.dataset.drawn = "yes";
}

function drawWithin(finding) {
  const figure = finding.querySelector(".picture:not([data-drawn])");
  if (figure) draw(figure, Number(figure.dataset.picture));
}

// --- filters ------------------------------------------------------------------------------------

const words = new Map();
let cell = null;

function textOf(finding) {
  if (!words.has(finding)) words.set(finding, finding.textContent.toLowerCase());
  return words.get(finding);
}

function matches(finding, wanted) {
  const elements = data.elements[finding.id];
  return (!wanted.rule || finding.dataset.rule === wanted.rule)
    && (!wanted.plugin || finding.dataset.plugin === wanted.plugin)
    && wanted.states.has(finding.dataset.state)
    && (!wanted.element || elements.some((name) => name.toLowerCase().includes(wanted.element)))
    && (!cell || elements.some((name) => cell.has(name)))
    && (!wanted.text || textOf(finding).includes(wanted.text));
}

function filter() {
  const value = (id) => byId(id).value;
  const wanted = {
    rule: value("filter-rule"),
    plugin: value("filter-plugin"),
    element: value("filter-element").trim().toLowerCase(),
    text: value("filter-text").trim().toLowerCase(),
    states: new Set([...document.querySelectorAll("[name=state]:checked")].map((box) => box.value)),
  };
  let shown = 0;
  for (const finding of findings) {
    finding.hidden = !matches(finding, wanted);
    shown += finding.hidden ? 0 : 1;
  }
  for (const part of document.querySelectorAll(".plugin, .rule")) {
    part.hidden = !part.querySelector(".finding:not([hidden])");
  }
  byId("none").hidden = shown > 0;
  const where = cell ? ` (of ${cell.size} elements in one field)` : "";
  byId("shown").textContent = `${shown} of ${findings.length} groups shown${where}`;
}

function showAll() {
  cell = null;
  byId("filters").reset();
  filter();
}

// --- links to a finding, or to the lines of a job or unit -------------------------------------------------------------------------

function openLinked() {
  const linked = byId(decodeURIComponent(location.hash.slice(1)));
  if (!linked || !linked.matches(".finding, .accesses")) return;
  if (linked.hidden) showAll();
  linked.open = true;
  linked.scrollIntoView();
  linked.querySelector("summary").focus({ preventScroll: true });
}

function step(by) {
  const shown = findings.filter((finding) => !finding.hidden);
  const at = shown.indexOf(document.activeElement.closest(".finding"));
  const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
  if (next) {
    next.querySelector("summary").focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

const KEYS = {
  "/": () => byId("filter-text")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  t: otherTheme,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && findings.length) {
    showAll();
    document.activeElement.blur();
  } else if (!event.target.matches("input, select") && KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

// --- start --------------------------------------------------------------------------------------

setTheme(storedTheme());
byId("theme").hidden = false;
byId("theme").addEventListener("click", otherTheme);

for (const finding of findings) {
  finding.addEventListener("toggle", () => drawWithin(finding));
}

for (const button of document.querySelectorAll("[data-draw]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const around = button.closest(".finding").querySelector(".around");
    let figure = around.querySelector(".picture");
    if (!figure) {
      figure = document.createElement("figure");
      figure.className = "picture";
      around.prepend(figure);
    }
    draw(figure, Number(button.dataset.draw));
    figure.scrollIntoView({ block: "nearest" });
  });
}

for (const button of document.querySelectorAll("[data-cell]")) {
  button.addEventListener("click", () => {
    showAll();
    cell = new Set(data.cells[button.dataset.cell]);
    filter();
    byId("findings").scrollIntoView();
  });
}

if (findings.length) {
  const form = byId("filters");
  form.hidden = false;
  byId("keys").hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    cell = null;
    setTimeout(filter);
  });
  byId("open-all").addEventListener("click", () => {
    for (const finding of findings) if (!finding.hidden) finding.open = true;
  });
  filter();
  drawWithin(findings[0]);
  // After its load the browser goes to the linked element itself, and takes the focus along.
  addEventListener("load", openLinked);
  addEventListener("hashchange", openLinked);
}
