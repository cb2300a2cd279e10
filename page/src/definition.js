/** What is wanted of the network: a form made from schemas/definition.schema.json, with the host's own values. */
import { afterQuiet, at, fill, make, said } from "./elements.js";
import { look } from "./service.js";

/** @import { Fact, Fields } from "./documents.js" */
/**
 * @typedef {{title?: string, description?: string, type?: string|string[], enum?: unknown[], minimum?: number,
 *   maximum?: number, anyOf?: Schema[], items?: Schema}} Schema
 * @typedef {{value: unknown, from: string}} Offer
 */

const ADDRESSES = "addresses";
const MOST_OFFERS = 4;

/** @type {Record<string, Schema>} */
let properties = {};
/** @type {Fields} */
let stated = {};
/** @type {() => void} */
let changed = () => {};

/**
 * Make the form; ``then`` is called after each edit.
 *
 * @param {() => void} then
 */
export async function makeForm(then) {
  const soon = afterQuiet(250, then);
  changed = soon;
  properties = (await look("/v1/schemas/definition.schema.json")).properties;
  const address = { title: "management address", description: "by which the engine reaches the host; absent: it is found" };
  // On a phone the plan is seen first.
  at("wanted-fields", HTMLDetailsElement).open = matchMedia("(min-width: 40rem)").matches;
  fill(at("definition"), field(ADDRESSES, address), ...Object.entries(properties).map(([name, one]) => field(name, one)));
}

/** @returns {{definition: Fields, addresses: string[]}} */
export function wanted() {
  return { definition: { ...stated }, addresses: words(input(ADDRESSES).value) };
}

/**
 * Fill the form in.
 *
 * @param {Fields} definition
 * @param {string[]} addresses
 */
export function state(definition, addresses) {
  stated = { ...definition };
  for (const name of Object.keys(properties)) input(name).value = written(definition[name]);
  input(ADDRESSES).value = addresses.join(" ");
}

/** Take one value into the form. @param {string} name @param {unknown} value */
export function take(name, value) {
  if (name === ADDRESSES) input(name).value = String(value);
  else {
    setStated(name, value);
    input(name).value = written(value);
  }
}

/**
 * Offer what the host has, under each field.
 *
 * @param {Fact[]} facts
 */
export function offer(facts) {
  const found = offers(facts);
  for (const name of [ADDRESSES, ...Object.keys(properties)]) {
    const own = (found[name] ?? []).slice(0, MOST_OFFERS);
    fill(at(`offers-${name}`), ...own.map(({ value, from }) => make(
      "button",
      {
        type: "button",
        title: from,
        "aria-label": `${title(name)}: ${said(value)}, ${from}`,
        onclick: () => {
          take(name, value);
          changed();
        },
      },
      said(value),
    )));
  }
}

/** Show that the plan's reason lies here. @param {string[]} paths */
export function lightUpField(paths) {
  at("wanted").classList.toggle("lit", paths.includes("definition"));
}

/**
 * @param {Fact[]} facts
 * @returns {Record<string, Offer[]>}
 */
function offers(facts) {
  /** @type {Record<string, Offer[]>} */
  const found = {};
  /** @type {(name: string, value: unknown, from: string) => void} */
  const add = (name, value, from) => {
    if (value === "" || value === undefined || value === null) return;
    const own = (found[name] ??= []);
    if (!own.some((one) => said(one.value) === said(value))) own.push({ value, from });
  };
  for (const { kind, fields } of facts) {
    if (kind === "client") continue;
    if (kind === "address") add(ADDRESSES, fields["address"], `on ${fields["device"]}`);
    if (kind === "vlan") add("vlan", fields["tag"], `the tag of ${fields["name"]}`);
    if (kind === "device") add("mtu", fields["mtu"], `the MTU of ${fields["name"]}`);
    if (kind === "network") add("network", fields["name"], "a network of the host");
    if (kind === "route") add("gateway", fields["gateway"], `the gateway over ${fields["device"]}`);
  }
  const servers = facts.filter((fact) => fact.kind === "nameserver").map((fact) => fact.fields["address"]);
  if (servers.length) add("nameservers", servers, "the host's name servers");
  return found;
}

/**
 * @param {string} name
 * @param {Schema} schema
 */
function field(name, schema) {
  const { id, described } = { id: `field-${name}`, described: `about-${name}` };
  const attributes = { id, name, "aria-describedby": described, onchange: () => edited(name), oninput: () => edited(name) };
  return make(
    "div",
    { class: "field" },
    make("label", { for: id }, schema.title ?? name),
    control(schema, attributes),
    make("p", { id: described, class: "about" }, schema.description ?? ""),
    make("div", { id: `offers-${name}`, class: "offers" }),
  );
}

/**
 * @param {Schema} schema
 * @param {import("./elements.js").Attributes} attributes
 */
function control(schema, attributes) {
  const values = (schema.enum ?? []).filter((value) => typeof value === "boolean" || !types(schema).includes("boolean"));
  if (schema.enum) {
    const options = values.filter((value) => value !== null).map((value) => make(
      "option", { value: String(value) }, value === true ? "yes" : value === false ? "no" : said(value),
    ));
    return make("select", attributes, make("option", { value: "" }, "not stated"), ...options);
  }
  const number = types(schema).includes("integer");
  return make("input", {
    ...attributes, autocomplete: "off", spellcheck: "false", placeholder: "not stated", inputmode: number ? "numeric" : "text",
  });
}

/** @param {string} name */
function edited(name) {
  if (name !== ADDRESSES) setStated(name, read(properties[name] ?? {}, input(name).value.trim()));
  changed();
}

/** @param {string} name @param {unknown} value */
function setStated(name, value) {
  if (value === undefined || value === null) delete stated[name];
  else stated[name] = value;
}

/**
 * What was typed, as the schema has it; what it cannot have is sent as it is, so that the service says what is wrong.
 *
 * @param {Schema} schema
 * @param {string} text
 * @returns {unknown}
 */
function read(schema, text) {
  if (text === "") return undefined;
  if (types(schema).includes("boolean")) return text === "true";
  if (types(schema).includes("integer") && /^[0-9]+$/.test(text)) return Number(text);
  if (types(schema).includes("array")) return words(text);
  const several = words(text);
  return schema.anyOf && several.length > 1 ? several : text;
}

/** @param {unknown} value */
function written(value) {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(" ") : String(value);
}

/** @param {string} text */
function words(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** @param {Schema} schema @returns {string[]} */
function types(schema) {
  return [schema.type ?? []].flat();
}

/** @param {string} name */
function title(name) {
  return properties[name]?.title ?? "management address";
}

/**
 * @param {string} name
 * @returns {HTMLInputElement|HTMLSelectElement}
 */
function input(name) {
  const found = at(`field-${name}`);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
  throw new Error(`no field ${name}`);
}
