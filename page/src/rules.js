/** The rules: what each says, why it did or did not fire on the host, and what an edit of it changes. */
import { afterQuiet, at, fill, make, prose } from "./elements.js";
import { problemCard } from "./plan.js";
import { ask, look, problemsOf, superseded } from "./service.js";

/** @import { Finding, GoldenChanges, Host, Invariant, Plan, Proof, Rule, RuleHead } from "./documents.js" */
/** @import { Editor } from "./editor.js" */

const SHOWN = 300;
// A check answers in a fifth of a second, the goldens in some seconds, the invariants in a minute or two.
const BEFORE_CHECK = 300;
const BEFORE_PROOFS = 1500;

/** @type {RuleHead[]} */
let rules = [];
/** @type {Rule|null} */
let opened = null;
/** @type {Editor|null} */
let editor = null;
/** @type {AbortController} */
let asked = new AbortController();
/** @type {{host: () => Host|null, openGolden: (name: string) => void, changed: () => void}} */
let around;
/** @type {Set<string>} */
let fired = new Set();

/**
 * List the rules.
 *
 * @param {typeof around} what
 * @returns {Promise<Map<string, string>>} the rules' summaries
 */
export async function listRules(what) {
  around = what;
  const search = at("rule-search", HTMLInputElement);
  search.addEventListener("input", afterQuiet(60, list));
  at("only-fired", HTMLInputElement).addEventListener("change", list);
  at("edit-rule").addEventListener("click", () => opened && edit(opened.text));
  at("undo-edit").addEventListener("click", () => opened && openRule(opened.rule));
  at("prove").addEventListener("click", () => editor && prove(fresh()));
  at("stop-proofs").addEventListener("click", () => fresh());
  rules = (await look("/v1/rules")).rules;
  list();
  return new Map(rules.map(({ rule, summary }) => [rule, summary]));
}

/**
 * Mark the rules that fired, and tell of the opened one how it fares on this host.
 *
 * @param {Plan|null} plan
 */
export function markFired(plan) {
  fired = new Set([...(plan?.trace ?? []), ...(plan?.problems ?? [])].map(({ rule }) => rule).filter(Boolean));
  list();
  if (opened) tellWhyNot(opened.rule);
}

/**
 * Open a rule.
 *
 * @param {string} name
 */
export async function openRule(name) {
  closeEditor();
  const /** @type {Rule} */ rule = await look(`/v1/rules/${encodeURIComponent(name)}`);
  opened = rule;
  at("rule-none").hidden = true;
  at("rule-opened").hidden = false;
  at("rule-name").textContent = rule.rule;
  at("rule-summary").replaceChildren(...paragraphs(`${rule.summary}.`));
  at("rule-why").replaceChildren(...paragraphs(rule.why));
  at("rule-place").textContent = `${rule.ruleset}, stage ${rule.stage}, ${rule.file}`;
  at("rule-text").textContent = rule.text;
  at("rule-text").hidden = false;
  at("edit-rule").hidden = false;
  list();
  const current = at("rule-list").querySelector("[aria-current]");
  if (current instanceof HTMLElement) at("rule-list").scrollTop = current.offsetTop - at("rule-list").offsetTop;
  around.changed();
  await tellWhyNot(rule.rule);
}

/** What a link has to tell of the rules: which is open, and its text where it was edited. */
export function openedRule() {
  if (!opened) return {};
  return editor ? { rule: opened.rule, file: opened.file, text: editor.text() } : { rule: opened.rule };
}

/**
 * Edit the opened rule; the editor is fetched with the first rule that is edited.
 *
 * @param {string} text
 */
export async function edit(text) {
  const rule = opened;
  if (!rule) return;
  closeEditor();
  const [{ openEditor }, schema] = await Promise.all([import("./editor.js"), look("/v1/schemas/rule.schema.json")]);
  if (rule !== opened) return;
  at("rule-text").hidden = true;
  at("edit-rule").hidden = true;
  at("workshop").hidden = false;
  const changed = afterQuiet(BEFORE_CHECK, () => consider(rule));
  editor = openEditor(at("editor"), { text, schema, label: `the rule ${rule.rule}, as YAML`, changed: () => {
    fresh();
    at("findings-told").textContent = "Reading it…";
    around.changed();
    changed();
  } });
  editor.focus();
  for (const id of ["findings-told", "goldens-told", "invariants-told"]) at(id).textContent = "";
  for (const id of ["findings", "golden-changes", "invariants"]) fill(at(id));
  await consider(rule);
}

function closeEditor() {
  fresh();
  editor?.close();
  editor = null;
  at("workshop").hidden = true;
}

/** Give up what was asked about an older text. */
function fresh() {
  asked.abort();
  asked = new AbortController();
  at("stop-proofs").hidden = true;
  at("prove").hidden = false;
  return asked.signal;
}

function list() {
  const words = at("rule-search", HTMLInputElement).value.toLowerCase().split(/\s+/).filter(Boolean);
  const only = at("only-fired", HTMLInputElement).checked;
  const found = rules.filter(({ rule, summary, stage }) => {
    const text = `${rule} ${summary} ${stage}`.toLowerCase();
    return words.every((word) => text.includes(word)) && (!only || fired.has(rule));
  });
  at("rule-count").textContent = `${found.length} of ${rules.length} rules`;
  fill(at("rule-list"), ...found.slice(0, SHOWN).map(({ rule, summary, stage }) => make("li", {}, make(
    "button",
    { type: "button", onclick: () => openRule(rule), "aria-current": opened?.rule === rule ? "true" : undefined },
    make("strong", {}, rule),
    make("span", { class: "stage" }, fired.has(rule) ? `${stage}, set or said something here` : stage),
    make("span", {}, ...prose(summary)),
  ))));
}

/** @param {string} rule */
async function tellWhyNot(rule) {
  const host = around.host();
  const place = at("why-not");
  at("why-not-none").hidden = host !== null;
  fill(place);
  if (!host) return;
  try {
    const { text } = await ask("/v1/why-not", { ...host, rule });
    if (opened?.rule === rule) fill(place, ...text.trimEnd().split("\n").slice(1).map((/** @type {string} */ line) => whyNotLine(line)));
  } catch (failure) {
    fill(place, ...problemsOf(failure).map((problem) => make("li", {}, problem.message)));
  }
}

/** @param {string} line */
function whyNotLine(line) {
  const depth = line.length - line.trimStart().length;
  return make("li", depth ? { class: "deeper" } : {}, ...prose(line.trim()));
}

/** @param {string} text */
function paragraphs(text) {
  return text.trim().split(/\n\n+/).map((paragraph) => make("p", {}, ...prose(paragraph)));
}

/**
 * Say what is wrong with the edited rule; where nothing is, which goldens change, and then which invariants hold.
 *
 * @param {Rule} rule
 */
async function consider(rule) {
  const signal = fresh();
  const files = filesOf(rule);
  try {
    const { findings } = await ask("/v1/rules/check", { files }, signal);
    const wrong = showFindings(findings, rule);
    if (wrong) {
      at("goldens-told").textContent = "Asked once the rule has no error.";
      at("invariants-told").textContent = "Asked once the rule has no error.";
      fill(at("golden-changes"));
      fill(at("invariants"));
      return;
    }
    if (files[rule.file] === rule.text) {
      at("goldens-told").textContent = "The rule is as installed: none changes.";
      at("invariants-told").textContent = "The rule is as installed: its edits are asked about.";
      fill(at("golden-changes"));
      fill(at("invariants"));
      return;
    }
    at("goldens-told").textContent = "Planning every golden with the edited rule…";
    at("invariants-told").textContent = "Asked when the goldens are planned.";
    const host = fired.size ? around.host() : null; // what is no capture cannot be planned by any rules
    showGoldenChanges(await ask("/v1/rules/test", { files, ...(host && { host }) }, signal));
    await quiet(BEFORE_PROOFS, signal);
    await prove(signal);
  } catch (failure) {
    if (!superseded(failure)) fill(at("findings"), ...problemsOf(failure).map(problemCard));
  }
}

/** @param {Rule} rule @returns {Record<string, string>} */
function filesOf(rule) {
  return { [rule.file]: editor?.text() ?? rule.text };
}

/**
 * @param {Finding[]} findings
 * @param {Rule} rule
 * @returns {boolean} whether one is an error
 */
function showFindings(findings, rule) {
  const own = findings.filter((finding) => finding.places.some(({ file }) => file.endsWith(`/${rule.file}`)));
  editor?.show(own.map((finding) => ({ ...finding, places: finding.places.filter(({ file }) => file.endsWith(`/${rule.file}`)) })));
  const elsewhere = findings.filter((finding) => !own.includes(finding));
  fill(at("findings"), ...elsewhere.map(({ severity, message, hint, places }) => make(
    "li", {}, `${severity}: `, ...prose(message), hint && ` (${hint})`, places[0] && make("code", {}, ` ${places[0].file}:${places[0].line}`),
  )));
  const count = findings.length;
  at("findings-told").textContent = count ? `${count} ${count === 1 ? "finding" : "findings"}, under ${count === 1 ? "its line" : "their lines"}` : "Nothing is wrong with it.";
  return findings.some(({ severity }) => severity === "error");
}

/** @param {GoldenChanges} changes */
function showGoldenChanges({ headline, changed, undecided, host }) {
  at("goldens-told").textContent = `${headline}.`;
  const own = host ? [make("li", { id: "host-change" }, make("strong", {}, "the host above"), host.differences.length
    ? make("ul", {}, ...host.differences.map((difference) => make("li", {}, ...prose(difference))))
    : " gets the same plan")] : [];
  const cannot = undecided.map(({ golden, problems }) => make("li", {}, make("strong", {}, golden), ` cannot be planned: ${problems[0]?.message ?? ""}`));
  fill(at("golden-changes"), ...own, ...cannot, ...changed.slice(0, SHOWN).map(({ golden, before, after, differences }) => make(
    "li", {}, make(
      "details", {},
      make("summary", {}, make("strong", {}, golden), before === after ? "" : ` ${before} → ${after}`),
      make("ul", {}, ...differences.map((difference) => make("li", {}, ...prose(difference)))),
      make("button", { type: "button", class: "link", onclick: () => around.openGolden(golden) }, "look at this host"),
    ),
  )));
}

/**
 * Ask for the invariants one after the other, those first that rest on the rule.
 *
 * @param {AbortSignal} signal
 */
async function prove(signal) {
  const rule = opened;
  if (!rule) return;
  const files = filesOf(rule);
  at("stop-proofs").hidden = false;
  at("prove").hidden = true;
  fill(at("invariants"));
  try {
    const /** @type {{invariants: Invariant[]}} */ { invariants } = await look("/v1/invariants", signal);
    const nearest = invariants.sort((one, other) => Number(other.rests_on.includes(rule.rule)) - Number(one.rests_on.includes(rule.rule)));
    let held = 0;
    for (const [done, invariant] of nearest.entries()) {
      told(done, nearest.length, held);
      const verdict = await verdictOf(files, invariant.invariant, signal);
      held += Number(verdict.verdict === "proved");
      addVerdict(invariant, verdict);
    }
    told(nearest.length, nearest.length, held);
  } catch (failure) {
    if (superseded(failure)) at("invariants-told").textContent += " Stopped.";
    else fill(at("invariants"), ...problemsOf(failure).map(problemCard));
  }
  if (asked.signal === signal) {
    at("stop-proofs").hidden = true;
    at("prove").hidden = false;
  }
}

/**
 * @param {number} done
 * @param {number} of
 * @param {number} held
 */
function told(done, of, held) {
  const bar = /** @type {HTMLProgressElement} */ (at("proofs"));
  bar.hidden = done === of;
  bar.max = of;
  bar.value = done;
  at("invariants-told").textContent = `${done} of ${of} asked: ${held} hold${done > held ? `, ${done - held} do not, or are not decided` : ""}.`;
}

/**
 * @param {Record<string, string>} files
 * @param {string} invariant
 * @param {AbortSignal} signal
 * @returns {Promise<{verdict: string, shown: string[]}>}
 */
async function verdictOf(files, invariant, signal) {
  try {
    const /** @type {{proofs: Proof[]}} */ { proofs } = await ask("/v1/rules/prove", { files, invariant }, signal);
    return proofs[0] ?? { verdict: "undecided", shown: [] };
  } catch (failure) {
    if (superseded(failure)) throw failure;
    return { verdict: "undecided", shown: problemsOf(failure).map(({ message }) => message) };
  }
}

/**
 * @param {Invariant} invariant
 * @param {{verdict: string, shown: string[]}} verdict
 */
function addVerdict({ invariant, summary }, { verdict, shown }) {
  const words = verdict === "proved" ? "holds" : verdict === "refuted" ? "broken" : verdict;
  const row = make(
    "li", { class: verdict === "proved" ? "holds" : "broken" },
    make("span", { class: "mark" }, words), make("span", {}, make("strong", {}, invariant), ` ${summary}`),
    verdict !== "proved" && shown.length > 0 && make("ul", {}, ...shown.map((line) => make("li", {}, ...prose(String(line))))),
  );
  if (verdict === "proved") at("invariants").append(row);
  else at("invariants").prepend(row);
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function quiet(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
