/**
 * What can be written at a place in a rule, by its schema: keys and words, with their meanings.
 *
 * @typedef {{$ref?: string, properties?: Record<string, Schema>, items?: Schema, anyOf?: Schema[], oneOf?: Schema[],
 *   allOf?: Schema[], enum?: unknown[], const?: unknown, examples?: unknown[], description?: string,
 *   additionalProperties?: Schema|boolean, $defs?: Record<string, Schema>, type?: string|string[]}} Schema
 * @typedef {{label: string, detail: string, key: boolean}} Offer
 * @typedef {{path: string[], key: boolean, from: number}} Place
 */

export const ITEM = "-";

/**
 * Offer what the schema has for the place at ``offset``.
 *
 * @param {Schema} schema
 * @param {string} text
 * @param {number} offset
 * @returns {{from: number, offers: Offer[]}}
 */
export function offersAt(schema, text, offset) {
  const { path, key, from } = placeAt(text, offset);
  const branches = branchesAt(schema, path);
  const /** @type {Map<string, Offer>} */ found = new Map();
  for (const branch of branches) {
    for (const [name, inner] of key ? Object.entries(branch.properties ?? {}) : []) {
      found.set(name, { label: name, detail: meaning(schema, inner), key: true });
    }
    for (const value of key && path.at(-1) !== ITEM ? [] : wordsOf(branch)) {
      found.set(value, { label: value, detail: branch.description ?? "", key: false });
    }
  }
  return { from, offers: [...found.values()] };
}

/** @param {Schema} branch */
function wordsOf(branch) {
  const stated = [...(branch.enum ?? []), ...(branch.examples ?? []), ...("const" in branch ? [branch.const] : [])];
  const words = stated.filter((value) => value !== null && typeof value !== "object").map(String);
  return branch.type === "boolean" ? [...words, "true", "false"] : words;
}

/**
 * @param {Schema} root
 * @param {Schema} schema
 */
function meaning(root, schema) {
  return branchesOf(root, schema).find((branch) => branch.description)?.description ?? "";
}

/**
 * Every alternative that holds at a path.
 *
 * @param {Schema} root
 * @param {string[]} path
 */
function branchesAt(root, path) {
  let branches = branchesOf(root, root);
  for (const step of path) {
    branches = branches.flatMap((branch) => {
      const other = typeof branch.additionalProperties === "object" ? branch.additionalProperties : undefined;
      const inner = step === ITEM ? branch.items : (branch.properties?.[step] ?? other);
      return inner ? branchesOf(root, inner) : [];
    });
  }
  return branches;
}

/**
 * @param {Schema} root
 * @param {Schema} schema
 * @returns {Schema[]}
 */
function branchesOf(root, schema) {
  const named = schema.$ref ? root.$defs?.[decodeURIComponent(schema.$ref.replace("#/$defs/", ""))] : undefined;
  const inner = [named ?? [], schema.anyOf ?? [], schema.oneOf ?? [], schema.allOf ?? []].flat();
  return [schema, ...inner.flatMap((one) => branchesOf(root, one))];
}

/**
 * Where in the document an offset is, told by indentation and brackets, which stand before the text is whole YAML.
 *
 * @param {string} text
 * @param {number} offset
 * @returns {Place}
 */
export function placeAt(text, offset) {
  const lines = text.slice(0, offset).split("\n");
  const [, blank = "", dashes = "", rest = ""] = /^(\s*)((?:-\s+)*)(.*)$/.exec(lines.pop() ?? "") ?? [];
  // The items of a list may stand no deeper than its key.
  const above = dashes ? [...ancestors(lines, blank.length + 1), ITEM] : ancestors(lines, blank.length);
  return inLine(rest, above, offset - rest.length);
}

/**
 * The keys and items that lines above put an indentation under.
 *
 * @param {string[]} lines
 * @param {number} indent
 */
function ancestors(lines, indent) {
  const /** @type {string[]} */ path = [];
  let limit = indent;
  for (const line of lines.toReversed()) {
    const [, blank = "", dashes = "", key, rest = ""] = /^(\s*)((?:-\s+)*)(?:([\w-]+):(?=\s|$))?(.*)$/.exec(line) ?? [];
    if (!(key ?? rest.trim()) || rest.startsWith("#")) continue;
    const column = blank.length + dashes.length;
    if (key && /^\s*([>|].*)?$/.test(rest) && column < limit) {
      path.unshift(key);
      limit = column;
    }
    if (dashes && blank.length < limit && column <= limit) {
      path.unshift(ITEM);
      limit = blank.length + 1;
    }
  }
  return path;
}

/**
 * The place in what stands after the indentation: `vlan: {name: $manag` is in vlan, at the value of name.
 *
 * @param {string} rest
 * @param {string[]} path
 * @param {number} start
 * @returns {Place}
 */
function inLine(rest, path, start) {
  const /** @type {{list: boolean, before: string[]}[]} */ open = [];
  let way = path;
  let /** @type {string|null} */ key = null;
  let word = 0;
  for (const [place, letter] of [...rest].entries()) {
    if ("{[".includes(letter)) {
      open.push({ list: letter === "[", before: way });
      way = [...way, ...(key === null ? [] : [key]), ...(letter === "[" ? [ITEM] : [])];
      key = null;
    } else if ("}]".includes(letter)) {
      way = open.pop()?.before ?? way;
      key = null;
    } else if (letter === "," && open.length) key = null;
    else if (letter === ":" && /^(\s|$)/.test(rest.slice(place + 1))) key = rest.slice(word, place).trim();
    else continue;
    word = place + 1;
  }
  const begun = rest.slice(word);
  return {
    path: key === null ? way : [...way, key],
    key: key === null && !open.at(-1)?.list,
    from: start + word + (begun.length - begun.trimStart().length),
  };
}
