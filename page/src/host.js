/** The host to look at: a golden that is picked, or a capture that is dropped, opened or pasted. */
import { afterQuiet, at, fill, make } from "./elements.js";
import { look } from "./service.js";

/** @import { Golden, GoldenHost } from "./documents.js" */
/**
 * @typedef {{name: string, about: string, golden: string, capture: string, definition: import("./documents.js").Fields,
 *   addresses: string[]}} Chosen
 */

const SHOWN = 60;
// Where a newcomer sees most in one look; a service with other goldens shows its first ones.
const FIRST = ["seed-vlan-over-bond", "nic-static", "bond-mode-0", "base-in-use", "dual-stack-over-bond", "ovirtmgmt-as-defined"];
// The service takes no larger request.
const LARGEST = 32 << 20;

/** @type {Golden[]} */
let goldens = [];

/**
 * Offer hosts; ``chosen`` is called with each that is taken.
 *
 * @param {(host: Chosen) => void} chosen
 */
export async function offerHosts(chosen) {
  const search = at("golden-search", HTMLInputElement);
  search.addEventListener("input", afterQuiet(60, () => list(search.value, chosen)));
  at("another").addEventListener("click", () => choose(true));
  at("keep").addEventListener("click", () => choose(false));
  takeCaptures(chosen);
  goldens = (await look("/v1/goldens")).goldens;
  goldens.sort((one, other) => rank(one.golden) - rank(other.golden) || one.golden.localeCompare(other.golden));
  list("", chosen);
}

/**
 * Fetch a golden by name.
 *
 * @param {string} name
 * @returns {Promise<Chosen>}
 */
export async function goldenHost(name) {
  const /** @type {GoldenHost} */ found = await look(`/v1/goldens/${encodeURIComponent(name)}`);
  const { about, capture, definition, addresses } = found;
  return { name, about, golden: name, capture, definition, addresses };
}

/**
 * @param {string} capture
 * @param {string} name
 * @returns {Chosen}
 */
export function capturedHost(capture, name) {
  return { name, about: "", golden: "", capture, definition: {}, addresses: [] };
}

/** Show which host is looked at, in place of the choice. @param {Chosen} host */
export function showChosen(host) {
  at("host-name").textContent = host.name;
  at("host-about").textContent = host.about;
  document.body.classList.add("chosen");
  choose(false);
}

/** @param {boolean} open */
function choose(open) {
  at("choose").hidden = !open;
  at("chosen").hidden = open;
  at("keep").hidden = !document.body.classList.contains("chosen");
  if (open) at("golden-search").focus();
}

/** @param {string} name */
function rank(name) {
  const place = FIRST.indexOf(name);
  return place < 0 ? FIRST.length : place;
}

/**
 * @param {string} sought
 * @param {(host: Chosen) => void} chosen
 */
function list(sought, chosen) {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = goldens.filter(({ golden, about }) => {
    const text = `${golden} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const more = found.length - SHOWN;
  at("golden-count").textContent =
    found.length === goldens.length ? `${goldens.length} hosts` : `${found.length} of ${goldens.length} hosts`;
  fill(
    at("goldens"),
    ...found.slice(0, SHOWN).map(({ golden, about }) => make("li", {}, make(
      "button",
      { type: "button", onclick: async () => chosen(await goldenHost(golden)) },
      make("strong", {}, golden),
      make("span", {}, about),
    ))),
    more > 0 && make("li", { class: "more" }, `and ${more} more: search to see them`),
  );
}

/** @param {(host: Chosen) => void} chosen */
function takeCaptures(chosen) {
  const pasted = at("capture", HTMLTextAreaElement);
  const file = at("capture-file", HTMLInputElement);
  const use = () => {
    if (pasted.value.trim()) chosen(capturedHost(pasted.value, "a pasted capture"));
    else told("Paste a capture first: the answer of getVdsCaps.");
  };
  at("use-capture").addEventListener("click", use);
  pasted.addEventListener("paste", () => setTimeout(use));
  file.addEventListener("change", () => void take(file.files?.[0], chosen));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  for (const end of ["dragleave", "drop"]) {
    document.addEventListener(end, () => document.body.classList.remove("dropping"));
  }
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    void take(event.dataTransfer.files[0], chosen);
  });
}

/**
 * @param {File|undefined} file
 * @param {(host: Chosen) => void} chosen
 */
async function take(file, chosen) {
  if (!file) return;
  if (file.size > LARGEST) told(`${file.name} is larger than any host reports.`);
  else chosen(capturedHost(await file.text(), file.name));
}

/** @param {string} words */
function told(words) {
  at("capture-told").textContent = words;
}
