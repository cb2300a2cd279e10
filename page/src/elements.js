/**
 * Elements of the document. Text is only ever set as text: nothing from outside becomes markup.
 *
 * @typedef {Node|string|null|undefined|false} Child
 * @typedef {Record<string, string|boolean|number|undefined|((event: any) => void)>} Attributes
 */

/**
 * Make an element: attributes by name, functions as listeners (`onclick`).
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, String(value));
  }
  fill(made, ...children);
  return made;
}

/**
 * Replace what is in an element.
 *
 * @param {Element} element
 * @param {Child[]} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false));
}

/**
 * Put a text where it is not the same already: what is set anew is read out anew.
 *
 * @param {string} id
 * @param {string} words
 */
export function write(id, words) {
  if (at(id).textContent !== words) at(id).textContent = words;
}

/**
 * The element of index.html with this id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function at(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`index.html has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * A sentence in which `backticks` mark code.
 *
 * @param {string} text
 * @returns {Child[]}
 */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/**
 * Call ``then`` once it has been quiet for some milliseconds.
 *
 * @template {unknown[]} A
 * @param {number} milliseconds
 * @param {(...args: A) => void} then
 * @returns {(...args: A) => void}
 */
export function afterQuiet(milliseconds, then) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => then(...args), milliseconds);
  };
}

/**
 * Bring an element into view and put the keyboard there.
 *
 * @param {HTMLElement} element
 */
export function goTo(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  element.focus({ preventScroll: true });
}

/**
 * A value of a document in one line.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function said(value) {
  if (value === null || value === undefined || value === "") return "none";
  if (Array.isArray(value)) return value.map(said).join(", ") || "none";
  if (typeof value === "object") {
    return Object.entries(value).map(([key, inner]) => `${key}=${said(inner)}`).join(" ") || "none";
  }
  return String(value);
}
