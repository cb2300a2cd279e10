/**
 * What is looked at, as the fragment of a link. A browser sends no fragment to anybody.
 *
 * @typedef {import("./documents.js").Fields} Fields
 * @typedef {{golden?: string, capture?: string, definition?: Fields, addresses?: string[], why?: string,
 *   rule?: string, file?: string, text?: string}} Shared
 */

// Longer links are cut by mail programs and chats, and by browsers from 2 MB on.
export const LONGEST_LINK = 1_000_000;
const PACKED = /** @type {const} */ (["capture", "text"]);
const PLAIN = /** @type {const} */ (["golden", "why", "rule", "file"]);

/**
 * @param {Shared} shared
 * @returns {Promise<string>}
 */
export async function fragmentOf(shared) {
  const parts = new URLSearchParams();
  for (const name of PLAIN) if (shared[name]) parts.set(name, shared[name]);
  if (shared.addresses) parts.set("addresses", shared.addresses.join(" "));
  if (shared.definition) parts.set("definition", JSON.stringify(shared.definition));
  for (const name of PACKED) if (shared[name]) parts.set(name, await packed(shared[name]));
  return parts.toString();
}

/**
 * What a fragment says; nothing, where it is none of ours.
 *
 * @param {string} fragment
 * @returns {Promise<Shared>}
 */
export async function sharedIn(fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  /** @type {Shared} */
  const shared = {};
  for (const name of PLAIN) {
    const value = parts.get(name);
    if (value) shared[name] = value;
  }
  for (const name of PACKED) {
    const value = parts.get(name);
    if (value) shared[name] = await unpacked(value);
  }
  const addresses = parts.get("addresses");
  if (addresses !== null) shared.addresses = addresses.split(" ").filter(Boolean);
  const definition = parts.get("definition");
  if (definition) {
    const read = JSON.parse(definition);
    if (read && typeof read === "object" && !Array.isArray(read)) shared.definition = read;
  }
  return shared;
}

/** @param {string} text */
async function packed(text) {
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
async function unpacked(text) {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream|DecompressionStream} way
 */
async function through(bytes, way) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(way)).arrayBuffer());
}
