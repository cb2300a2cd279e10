/** A plan: its outcome, what changes, each value with its why, the problems as advice, the steps with the request. */
import { at, fill, make, prose, said } from "./elements.js";

/** @import { Advice, Attachment, Call, Change, Diff, Effect, Fact, Fields, Ip, Plan, Problem, Reason, Step } from "./documents.js" */
/**
 * @typedef {{label: string, value: string, fields: string[]}} Row
 * @typedef {{facts: Fact[], summaries: Map<string, string>, why: (field: string) => Promise<string>,
 *   lightUp: (paths: string[]) => void, goToLit: () => void, openRule: (rule: string) => void,
 *   take: (advice: Advice) => void}} Around
 */

const HEADLINES = {
  change: "a change is planned",
  "no-change": "nothing to change, the host is as defined",
  refused: "refused, the host stays as it is",
};
const STEPS = {
  adopt: "The host as it stands, unchecked and saved at once",
  change: "What is wanted, under the connectivity check",
};
const FOUND = { address: "by the address given", lastClientIface: "by lastClientIface", "default-route": "by the default route" };
const SIGNS = { "+": "new", "-": "removed", "~": "changed" };
// The keys of a request that carry a field, as planner/explain/summary.py has them.
/** @type {Record<string, string[]>} */
const CARRIED_BY = {
  iface: ["nic", "bonding"],
  vlan: ["vlan"],
  bridged: ["bridged"],
  mtu: ["mtu"],
  stp: ["stp", "STP"],
  default_route: ["defaultRoute"],
  nameservers: ["nameservers"],
  switch: ["switch"],
  "ipv4.method": ["bootproto"],
  "ipv4.address": ["ipaddr"],
  "ipv4.prefix": ["netmask", "prefix"],
  "ipv4.gateway": ["gateway"],
  "ipv6.method": ["dhcpv6", "ipv6autoconf"],
  "ipv6.address": ["ipv6addr"],
  "ipv6.prefix": ["ipv6addr"],
  "ipv6.gateway": ["ipv6gateway"],
};

/** @type {Around} */
let around;
/** @type {Plan|null} */
let plan = null;

/**
 * Show a plan.
 *
 * @param {Plan} shown
 * @param {Diff} diff
 * @param {Around} what
 */
export function showPlan(shown, diff, what) {
  around = what;
  plan = shown;
  showOutcome(shown);
  showProblems(shown.problems);
  showChanges(diff);
  fill(at("attachment"), ...rowsOf(shown).map((row) => valueRow(row, shown)));
  at("plan-changes").hidden = shown.outcome === "refused";
  at("plan-values").hidden = !shown.management;
  at("plan-none").hidden = shown.attachment !== null;
  fill(at("steps"), ...shown.steps.map((step, place) => stepCard(step, place, shown)));
  at("steps-none").hidden = shown.steps.length > 0;
  at("decided").textContent = `Decided by the rules ${shown.rules.ruleset} ${shown.rules.version}, fired by ${shown.rules.engine}.`;
}

/**
 * Show why there is no plan at all.
 *
 * @param {Problem[]} problems
 * @param {Around} what
 */
export function showUnread(problems, what) {
  around = what;
  plan = null;
  outcome("unread", "This cannot be planned yet", problems[0]?.message ?? "");
  showProblems(problems);
  for (const id of ["changes", "attachment", "steps"]) fill(at(id));
  at("plan-none").hidden = at("steps-none").hidden = false;
  at("plan-changes").hidden = at("plan-values").hidden = true;
  at("decided").textContent = "";
}

/** Open the why of a field, as a link asks for it. @param {string} field */
export function openWhy(field) {
  const sought = [...at("attachment").querySelectorAll("button.value")];
  const found = sought.find((button) => (button instanceof HTMLElement ? button.dataset["fields"] ?? "" : "").split(" ").includes(field));
  if (found instanceof HTMLElement && found.getAttribute("aria-expanded") === "false") found.click();
}

/** The field whose why is open, if one is. @returns {string} */
export function openedWhy() {
  const open = at("attachment").querySelector('button.value[aria-expanded="true"]');
  return open instanceof HTMLElement ? (open.dataset["fields"] ?? "").split(" ")[0] ?? "" : "";
}

/**
 * Show the smallest edit that is accepted; none: nothing is asked.
 *
 * @param {Advice|null} advice
 */
export function showAdvice(advice) {
  const place = at("advice");
  if (!advice || advice.outcome !== "refused") return fill(place);
  if (!advice.definition) {
    const words = advice.proved
      ? "No definition is accepted on this host: it has to be changed first, as the problems say."
      : "No accepted definition was found.";
    return fill(place, make("p", {}, words));
  }
  const edits = advice.edits.map(({ field, from, to }) => make(
    "li", {}, make("code", {}, field), ` from ${stated(from)} to `, make("strong", {}, stated(to)),
  ));
  return fill(
    place,
    make("h3", {}, "Advice"),
    make("p", {}, advice.proved ? "This is accepted, and no smaller edit is:" : "This is accepted:"),
    make("ul", {}, ...edits),
    make("button", { type: "button", class: "primary", id: "take-advice", onclick: () => around.take(advice) }, "Take this edit"),
  );
}

/** @param {unknown} value */
function stated(value) {
  return value === null ? "not stated" : said(value);
}

/** @param {Plan} shown */
function showOutcome(shown) {
  const { management, network } = shown;
  const where = management
    ? `${management.address ?? "no address"} on ${management.kind} ${management.device}, found ${/** @type {Record<string, string>} */ (FOUND)[management.found_by] ?? management.found_by}`
    : "the management address was not found";
  outcome(shown.outcome, `${network}: ${HEADLINES[shown.outcome]}`, where);
}

/**
 * @param {string} kind
 * @param {string} headline
 * @param {string} detail
 */
function outcome(kind, headline, detail) {
  const place = at("outcome");
  place.dataset["outcome"] = kind;
  fill(place, make("strong", {}, headline), make("span", {}, detail));
  // What stops a plan is read before what there is of it, in this order for eyes and ears.
  const first = kind === "refused" || kind === "unread" ? "advised" : "planned";
  if (at("said").firstElementChild?.id !== first) at("said").prepend(at(first));
}

/** @param {Problem[]} problems */
function showProblems(problems) {
  at("problems-none").hidden = problems.length > 0;
  fill(at("problems"), ...problems.map(problemCard));
}

/** @param {Problem} problem */
export function problemCard(problem) {
  const facts = problem.where.filter((place) => !/:\d+$/.test(place) && place !== "capture");
  const show = () => {
    around.lightUp(facts);
    around.goToLit();
  };
  return make(
    "li",
    { class: `problem ${problem.severity}` },
    make("p", { class: "message" }, make("span", { class: "severity" }, problem.severity), ...prose(problem.message)),
    problem.hint && make("p", { class: "hint" }, make("span", {}, "What to do: "), ...prose(problem.hint)),
    make(
      "p",
      { class: "origin" },
      make("code", {}, problem.code),
      problem.event && make("span", {}, `engine event ${problem.event}`),
      problem.rule && make("span", {}, "rule ", ruleButton(problem.rule)),
      facts.length > 0 && plan && make("button", { type: "button", class: "link", onclick: show }, "show in the drawing"),
      ...problem.where.filter((place) => /^(capture|definition):\d/.test(place)).map((place) => make("span", {}, place)),
    ),
  );
}

/** @param {Diff} diff */
function showChanges({ changes, unchanged }) {
  const rest = Object.entries(unchanged).filter(([, names]) => names.length).map(([kind, names]) => `${kind} ${names.join(", ")}`);
  fill(
    at("changes"),
    changes.length === 0 && make("li", { class: "unchanged" }, "Nothing."),
    ...changes.map((change) => changeItem(change)),
    rest.length > 0 && make("li", { class: "unchanged" }, `unchanged: ${rest.join("; ")}`),
  );
}

/** @param {Change} change */
function changeItem({ sign, kind, name, details }) {
  return make(
    "li",
    { class: SIGNS[sign] },
    make("span", { class: "mark" }, SIGNS[sign]),
    make("span", {}, make("strong", {}, `${kind} ${name}`), details && ` ${details}`),
  );
}

/** @param {Plan} shown @returns {Row[]} */
function rowsOf({ attachment, management, trace }) {
  const place = management ? [{ label: "management device", value: management.device, fields: ["management"] }] : [];
  if (!attachment) return place;
  const adopted = trace.some((reason) => reason.field === "adopt");
  return [
    ...place,
    { label: "attached to", value: attachment.iface, fields: ["iface"] },
    { label: "VLAN", value: attachment.vlan === null ? "untagged" : String(attachment.vlan), fields: ["vlan"] },
    ...bondRow(attachment),
    { label: "VM network", value: attachment.bridged ? "yes, with a bridge" : "no, without a bridge", fields: ["bridged"] },
    { label: "MTU", value: String(attachment.mtu), fields: ["mtu"] },
    ...(attachment.bridged ? [{ label: "STP", value: attachment.stp ? "on" : "off", fields: ["stp"] }] : []),
    { label: "IPv4", value: ipWords(attachment.ipv4), fields: parts("ipv4") },
    { label: "IPv6", value: ipWords(attachment.ipv6), fields: parts("ipv6") },
    { label: "default route", value: attachment.default_route ? "yes" : "no", fields: ["default_route"] },
    { label: "name servers", value: attachment.nameservers.join(", ") || "as the host has them", fields: ["nameservers"] },
    { label: "switch", value: attachment.switch, fields: ["switch"] },
    ...(adopted ? [{ label: "adopted first", value: "yes", fields: ["adopt"] }] : []),
  ];
}

/** @param {string} family */
function parts(family) {
  return ["method", "address", "prefix", "gateway"].map((part) => `${family}.${part}`);
}

/** @param {Attachment} attachment @returns {Row[]} */
function bondRow({ bonding }) {
  const told = Object.entries(bonding).map(([name, { nics, options }]) => {
    const stated = Object.entries(options).map(([key, value]) => `${key}=${value}`).join(" ");
    return `${name} of ${nics.join(", ")}${stated ? `: ${stated}` : ""}`;
  });
  return told.length ? [{ label: "bond", value: told.join("; "), fields: ["bonding"] }] : [];
}

/** @param {Ip} ip */
function ipWords({ method, address, prefix, gateway }) {
  if (method !== "static") return method === "dhcp" ? "DHCP" : method;
  return `static ${address}${prefix === null ? "" : `/${prefix}`}, ${gateway ? `gateway ${gateway}` : "no gateway"}`;
}

/**
 * A value that is clicked for its why.
 *
 * @param {Row} row
 * @param {Plan} shown
 */
function valueRow({ label, value, fields }, shown) {
  const id = `why-${fields[0]?.replace(".", "-")}`;
  const was = changedFrom(fields, shown);
  const place = make("div", { id, class: "why", hidden: true });
  const button = whyButton(value, fields, place, () => reasonsFor(fields, shown));
  return make(
    "div",
    { class: was ? "row changed" : "row" },
    make("dt", {}, label),
    make("dd", {}, button, " ", was && make("span", { class: "mark" }, was), place),
  );
}

/**
 * @param {string} value
 * @param {string[]} fields
 * @param {HTMLElement} place where the why is shown
 * @param {() => HTMLElement[]|Promise<HTMLElement[]>} reasons
 */
function whyButton(value, fields, place, reasons) {
  const button = make("button", {
    type: "button", class: "value", "aria-expanded": "false", "aria-controls": place.id, "data-fields": fields.join(" "),
    title: "why?",
    onclick: async () => {
      const open = button.getAttribute("aria-expanded") === "false";
      for (const other of document.querySelectorAll('button.value[aria-expanded="true"]')) close(other);
      around.lightUp([]);
      if (!open) return;
      button.setAttribute("aria-expanded", "true");
      fill(place, ...(await reasons()));
      place.hidden = button.getAttribute("aria-expanded") === "false";
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") button.click();
    },
  }, value);
  return button;
}

/** @param {Element} button */
function close(button) {
  button.setAttribute("aria-expanded", "false");
  const place = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (place) place.hidden = true;
}

/**
 * The reasons for fields, with their facts lit up.
 *
 * @param {string[]} fields
 * @param {Plan} shown
 */
function reasonsFor(fields, shown) {
  const reasons = shown.trace.filter(({ field }) => fields.includes(field));
  around.lightUp(reasons.flatMap((reason) => reason.facts));
  if (!reasons.length) return [make("p", {}, "No rule set it: it follows from the other values.")];
  return reasons.map(reasonBlock);
}

/** @param {Reason} reason */
function reasonBlock({ field, value, rule, at: place, facts }) {
  const summary = around.summaries.get(rule);
  return make(
    "div",
    { class: "reason" },
    make("p", {}, make("code", {}, field), " = ", make("strong", {}, said(value)), " by the rule ", ruleButton(rule)),
    summary && make("p", {}, ...prose(`${summary}.`)),
    make("p", { class: "place" }, "at ", make("code", {}, place)),
    make("p", {}, facts.length ? "It matched these facts, lit up in the drawing:" : "It matched no fact."),
    make("ul", { class: "facts" }, ...[...new Set(facts)].map((path) => make("li", {}, factDetails(path)))),
    make("button", { type: "button", class: "link", onclick: () => around.goToLit() }, "to the drawing"),
  );
}

/** @param {string} path */
function factDetails(path) {
  const told = around.facts.filter((fact) => fact.path === path);
  const rows = told.flatMap(({ kind, fields }) => [
    make("dt", {}, kind),
    make("dd", {}, Object.entries(fields).filter(([, value]) => value !== "" && value !== -1).map(([key, value]) => `${key} ${said(value)}`).join(", ")),
  ]);
  return make("details", {}, make("summary", {}, make("code", {}, path)), make("dl", {}, ...rows));
}

/** @param {string} rule */
function ruleButton(rule) {
  return make("button", { type: "button", class: "link rule", onclick: () => around.openRule(rule) }, rule);
}

/**
 * What a value was, where the plan changes it; "": it stays.
 *
 * @param {string[]} fields
 * @param {Plan} shown
 */
function changedFrom(fields, shown) {
  const last = shown.steps.at(-1);
  const after = last?.request.networks[shown.network];
  const before = last?.revert.networks[shown.network];
  if (!last || !after || fields[0] === "management" || fields[0] === "adopt") return "";
  if (!before || before["remove"]) return "new";
  if (fields[0] === "bonding") return same(last.request.bondings, last.revert.bondings) ? "" : "changes";
  const keys = fields.flatMap((field) => CARRIED_BY[field] ?? []);
  const differing = keys.find((key) => !same(after[key] ?? false, before[key] ?? false));
  if (!differing) return "";
  return before[differing] === undefined ? "new" : `was ${words(before[differing])}`;
}

/** @param {unknown} value */
function words(value) {
  return value === true ? "yes" : value === false ? "no" : said(value);
}

/** @param {unknown} one @param {unknown} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * @param {Step} step
 * @param {number} place
 * @param {Plan} shown
 */
function stepCard(step, place, shown) {
  const counted = shown.steps.length > 1 ? `Step ${place + 1} of ${shown.steps.length}, ${step.step}` : `One step, ${step.step}`;
  const copied = make("span", { role: "status", class: "quiet" });
  const copy = async () => {
    await navigator.clipboard.writeText(`${JSON.stringify(step.request, null, 2)}\n`);
    copied.textContent = "copied";
  };
  return make(
    "li",
    { class: "step" },
    make("h3", {}, counted),
    make("p", {}, STEPS[step.step]),
    step.foreseen.length > 0 && make("ul", { class: "effects" }, ...step.foreseen.map((effect) => make("li", {}, `${sentence(effect)}: ${effect.because}`))),
    make("div", { class: "heading" }, make("h4", {}, "The request, setupNetworks"), make("span", {}, copied, " ", make("button", { type: "button", onclick: copy }, "Copy"))),
    requestLines(step, place, shown),
  );
}

/**
 * The request line by line: what differs from the host as it was is marked, and each value tells its why.
 *
 * @param {Step} step
 * @param {number} place
 * @param {Plan} shown
 */
function requestLines({ request, revert }, place, shown) {
  const lines = [];
  for (const [part, named] of /** @type {[keyof Call, Record<string, Fields>][]} */ ([["networks", request.networks], ["bondings", request.bondings]])) {
    for (const [name, values] of Object.entries(named)) {
      lines.push(make("li", { class: "name" }, `${part}.${name}`));
      const before = /** @type {Record<string, Fields>} */ (revert[part])[name] ?? {};
      for (const [key, value] of Object.entries(values)) {
        lines.push(requestLine(`${part}.${name}.${key}`, key, value, same(value, before[key]), place, shown));
      }
    }
  }
  lines.push(make("li", { class: "name" }, "options"));
  for (const [key, value] of Object.entries(request.options)) lines.push(requestLine(`options.${key}`, key, value, true, place, shown));
  return make("ul", { class: "request" }, ...lines);
}

/**
 * @param {string} path
 * @param {string} key
 * @param {unknown} value
 * @param {boolean} kept
 * @param {number} place
 * @param {Plan} shown
 */
function requestLine(path, key, value, kept, place, shown) {
  const field = path.startsWith("networks.") ? Object.keys(CARRIED_BY).find((name) => CARRIED_BY[name]?.includes(key)) : path.startsWith("bondings.") ? "bonding" : undefined;
  const traced = shown.trace.some((reason) => reason.field === field);
  const box = make("div", { id: `why-step${place}-${path}`, class: "why", hidden: true });
  const reasons = async () => {
    // The service knows why the last step is as it is; a step before it takes the host as it stands.
    if (place < shown.steps.length - 1) return [make("p", {}, "As the host stands: it is adopted first."), ...reasonsFor(["adopt"], shown)];
    if (traced) return reasonsFor([field ?? ""], shown);
    return [make("pre", {}, await around.why(`request.${path}`))];
  };
  const button = whyButton(JSON.stringify(value), [`request.${path}`], box, reasons);
  return make("li", { class: kept ? "" : "changed" }, make("span", {}, key, ": ", button, " ", !kept && make("span", { class: "mark" }, "changed")), box);
}

/** What VDSM would do besides, as planner/explain/words.py says it. @param {Effect} foreseen */
function sentence({ effect, device, address, from, to }) {
  const values = `${from ? ` from ${from}` : ""}${to ? ` to ${to}` : ""}`;
  /** @type {Record<string, string>} */
  const sentences = {
    mtu: `the MTU of ${device} goes${values}`,
    "address-moves": `${address} moves${values}`,
    "address-changes": `${from} on ${device} becomes ${to ?? "another address"}`,
    "address-may-change": `${from} on ${device} may become another address`,
    "lease-may-change": `${from} on ${device} may become another address`,
    "default-route-loses": `the default route over ${device} (${from}) wins over that of ${to}`,
    "bridge-made": `the bridge ${device} is made${to ? ` on ${to}` : ""}`,
    "bridge-removed": `the bridge ${device} is removed`,
    "address-dropped": `${device} loses ${address}`,
    "mac-kept": to ? `${device} gets the MAC address ${to}` : `${device} gets ${from}'s MAC address`,
    "mac-not-pinned": `${device} gets no MAC address pinned`,
    lease: `${device} asks for the DHCP lease${from ? ` in place of ${from}` : ""}`,
    "bond-redeclared": `${device} is declared anew${to ? ` with ${to}` : ""}`,
  };
  return sentences[effect] ?? `${effect} on ${device}${values}`;
}
