/** The views beside that of hosts: each has a link, and the address names the one that is looked at (#rollouts/NAME). */
import { at } from "./elements.js";

/** @type {Map<string, (parts: string[]|null) => unknown>} */
const views = new Map();

/**
 * Offer a view: ``show`` is called with what follows on its name in the address, with null while another is looked at.
 *
 * @param {string} view
 * @param {(parts: string[]|null) => unknown} show
 */
export async function offerView(view, show) {
  if (!views.size) addEventListener("hashchange", turn);
  views.set(view, show);
  at("views").hidden = false;
  mark();
  const parts = partsOf(view);
  if (parts) await show(parts);
}

function turn() {
  mark();
  for (const [view, show] of views) void show(partsOf(view));
}

/** @param {string} view */
function partsOf(view) {
  const [name, ...parts] = location.hash.split("/");
  return name === `#${view}` ? parts.map(decodeURIComponent) : null;
}

function mark() {
  const here = [...views.keys()].find(partsOf) ?? "";
  if (here) document.body.dataset["view"] = here;
  else delete document.body.dataset["view"];
  for (const link of at("views").querySelectorAll("a")) {
    if (link.hash === (here && `#${here}`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
