/** The drawing of a host before and after: what the service drew, and nothing else that SVG can be. */
import { at, fill, goTo } from "./elements.js";

/** @import { Fact } from "./documents.js" */

const SVG = "http://www.w3.org/2000/svg";
// What planner/explain/drawing/svg.py makes.
const ELEMENTS = new Set(["svg", "title", "desc", "rect", "text", "tspan", "g", "path", "polygon"]);
// Narrower than this its letters cannot be read: it is scrolled instead.
const NARROWEST = 576;
const ATTRIBUTES = new Set(
  ("aria-labelledby class d data-key fill font-family font-size font-weight height id letter-spacing opacity points " +
    "role rx stroke stroke-dasharray stroke-width text-anchor text-decoration transform viewBox width x xml:space y"
  ).split(" "),
);

/** Show a drawing, from the text of an SVG document; none: take it away. @param {string} text */
export function show(text) {
  fill(at("drawing"), drawn(text));
  lightUp([], []);
}

/**
 * A drawing, from the text of an SVG document.
 *
 * @param {string} text
 * @returns {Element|null}
 */
export function drawn(text) {
  const read = text ? new DOMParser().parseFromString(text, "image/svg+xml").documentElement : null;
  const made = read && copied(read);
  if (made instanceof SVGSVGElement) {
    const width = Number.parseFloat(made.getAttribute("width") ?? "");
    made.style.minWidth = `${Math.min(width || NARROWEST, NARROWEST)}px`;
  }
  return made;
}

/**
 * @param {Element} from
 * @returns {Element|null}
 */
function copied(from) {
  if (from.namespaceURI !== SVG || !ELEMENTS.has(from.localName)) return null;
  const made = document.createElementNS(SVG, from.localName);
  for (const { name, value } of from.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of from.childNodes) {
    const copy = child instanceof Element ? copied(child) : child.nodeType === Node.TEXT_NODE && child.textContent;
    if (copy) made.append(copy);
  }
  return made;
}

/**
 * Light up the nodes of facts, and say which they are.
 *
 * @param {string[]} paths places of facts
 * @param {Fact[]} facts the facts of the host
 */
export function lightUp(paths, facts) {
  const keys = new Set(paths.flatMap((path) => keysOf(path, facts)));
  const lit = new Set();
  for (const node of nodes()) {
    const key = node.dataset["key"] ?? "";
    node.classList.toggle("lit", keys.has(key));
    if (keys.has(key)) lit.add(key.slice(key.indexOf(":") + 1));
  }
  at("lit").textContent = lit.size ? `Lit up: ${[...lit].join(", ")}` : "";
}

/** Bring what is lit up into view. */
export function goToLit() {
  const first = nodes().find((node) => node.classList.contains("lit"));
  goTo(at("drawing"));
  first?.scrollIntoView({ block: "center", inline: "center" });
}

/** @returns {SVGGElement[]} */
function nodes() {
  return [...at("drawing").querySelectorAll("g")].filter((group) => group.dataset["key"]);
}

/**
 * The keys of the nodes that a fact is about: its device, network, address; else the device that its place is in.
 *
 * @param {string} path
 * @param {Fact[]} facts
 * @returns {string[]}
 */
function keysOf(path, facts) {
  const here = facts.filter((fact) => fact.path === path).flatMap(keysOfFact);
  if (here.length) return here;
  const around = facts.filter(({ kind, path: place }) => kind === "device" && place && inside(path, place));
  const nearest = around.sort((one, other) => other.path.length - one.path.length)[0];
  return nearest ? keysOfFact(nearest) : [];
}

/**
 * @param {string} path
 * @param {string} place
 */
function inside(path, place) {
  return path.startsWith(place) && /^$|^[.[]/.test(path.slice(place.length));
}

/** @param {Fact} fact @returns {string[]} */
function keysOfFact({ kind, fields }) {
  const device = typeof fields["device"] === "string" ? [`device:${fields["device"]}`] : [];
  const address = ["address", "candidate"].includes(kind) ? [`address:${fields["address"]}`] : [];
  const named = ["device", "nic", "bond", "vlan", "bridge", "network"].includes(kind);
  return [...device, ...address, ...(named ? [`device:${fields["name"]}`, `network:${fields["name"]}`] : [])];
}
