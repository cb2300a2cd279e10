/** The workbench: what is chosen and wanted goes to the service, and what it answers is shown. */
import { lightUpField, makeForm, offer, state, take, wanted } from "./definition.js";
import * as drawing from "./drawing.js";
import { at, fill, goTo, make } from "./elements.js";
import { capturedHost, goldenHost, offerHosts, showChosen } from "./host.js";
import { openedWhy, openWhy, problemCard, showAdvice, showPlan, showUnread } from "./plan.js";
import { forget, rehearse } from "./rehearsal.js";
import { offerRollouts } from "./rollouts.js";
import { edit, listRules, markFired, openedRule, openRule } from "./rules.js";
import { offerRuns } from "./runs.js";
import { ask, askDrawing, problemsOf, superseded } from "./service.js";
import { fragmentOf, LONGEST_LINK, sharedIn } from "./sharing.js";

/** @import { Advice, Fact, Host, Plan } from "./documents.js" */
/** @import { Chosen } from "./host.js" */

/** @type {Chosen|null} */
let chosen = null;
/** @type {Map<string, string>} */
let summaries = new Map();
/** @type {Fact[]} */
let facts = [];
let asked = new AbortController();

/** @returns {Host|null} */
function host() {
  return chosen && { capture: chosen.capture, ...wanted() };
}

const around = () => ({
  facts,
  summaries,
  why: async (/** @type {string} */ field) => (await ask("/v1/why", { ...host(), field })).text,
  lightUp: (/** @type {string[]} */ paths) => {
    drawing.lightUp(paths, facts);
    lightUpField(paths);
  },
  goToLit: drawing.goToLit,
  openRule: (/** @type {string} */ rule) => void guarded(openRule(rule).then(() => goTo(at("rule-name")))),
  take: takeAdvice,
});

/** @param {Chosen} found */
function begin(found) {
  chosen = found;
  state(found.definition, found.addresses);
  showChosen(found);
  at("result").hidden = false;
  return plan().then(() => goTo(at("outcome")));
}

/** Ask anew, for what is chosen and wanted now. */
async function plan() {
  const body = host();
  if (!body) return;
  unshare();
  forget();
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  document.body.classList.add("asking");
  try {
    const answers = await Promise.all([
      ask("/v1/plan", body, signal), ask("/v1/facts", body, signal), ask("/v1/diff", body, signal), askDrawing(body, signal),
    ]);
    const [found, told, diff, drawn] = answers;
    const open = openedWhy();
    facts = told;
    drawing.show(drawn);
    offer(facts);
    lightUpField([]);
    showPlan(found, diff, around());
    if (open) openWhy(open);
    markFired(found);
    at("rehearse", HTMLButtonElement).disabled = found.outcome !== "change";
    await advise(found, body, signal);
  } catch (failure) {
    if (superseded(failure)) return;
    facts = [];
    drawing.show("");
    showUnread(problemsOf(failure), around());
    showAdvice(null);
    markFired(null);
    at("rehearse", HTMLButtonElement).disabled = true;
  } finally {
    if (asked.signal === signal) document.body.classList.remove("asking");
  }
}

/**
 * @param {Plan} found
 * @param {Host} body
 * @param {AbortSignal} signal
 */
async function advise(found, body, signal) {
  showAdvice(null);
  if (found.outcome !== "refused") return;
  try {
    showAdvice(await ask("/v1/advise", body, signal));
  } catch (failure) {
    if (superseded(failure)) throw failure;
    fill(at("advice"), make("ul", { class: "problems" }, ...problemsOf(failure).map(problemCard)));
  }
}

/** @param {Advice} advice */
function takeAdvice({ edits }) {
  for (const { field, to } of edits) take(field, to);
  void plan().then(() => goTo(at("outcome")));
}

/** Put all that is looked at into the address, and into the clipboard. */
async function share() {
  if (!chosen) return;
  const why = openedWhy();
  const source = chosen.golden ? { golden: chosen.golden } : { capture: chosen.capture };
  const fragment = await fragmentOf({ ...source, ...wanted(), ...(why && { why }), ...openedRule() });
  if (fragment.length > LONGEST_LINK) return told("This capture is too large for a link: share the file.");
  history.replaceState(null, "", `#${fragment}`);
  try {
    await navigator.clipboard.writeText(location.href);
    told("The link is copied. All it shows is in the link itself: whoever has it sees this host.");
  } catch {
    told("The link is in the address bar. All it shows is in the link itself.");
  }
}

/** A link that no longer says what is shown would mislead whoever reloads or copies it. */
function unshare() {
  if (location.hash.includes("=") && !restoring) history.replaceState(null, "", location.pathname);
  told("");
}

let restoring = false;

/** Show what a link says. */
async function restore() {
  if (!location.hash.includes("=")) return;
  restoring = true;
  try {
    const shared = await sharedIn(location.hash);
    const found = shared.golden ? await goldenHost(shared.golden) : shared.capture ? capturedHost(shared.capture, "a shared capture") : null;
    if (found) {
      await begin({ ...found, definition: shared.definition ?? found.definition, addresses: shared.addresses ?? found.addresses });
      if (shared.why) openWhy(shared.why);
    }
    if (shared.rule) await openRule(shared.rule);
    if (shared.text) await edit(shared.text);
  } catch (failure) {
    told(`This link cannot be read: ${problemsOf(failure)[0]?.message ?? ""}`);
  } finally {
    restoring = false;
  }
}

/** @param {string} words */
function told(words) {
  at("share-told").textContent = words;
}

/** @param {Promise<unknown>} doing */
async function guarded(doing) {
  try {
    await doing;
  } catch (failure) {
    if (!superseded(failure)) fill(at("unforeseen"), ...problemsOf(failure).map(problemCard));
  }
}

addEventListener("unhandledrejection", ({ reason }) => {
  if (!superseded(reason)) fill(at("unforeseen"), ...problemsOf(reason).map(problemCard));
});
addEventListener("hashchange", () => void restore());
at("share").addEventListener("click", () => void share());
at("rehearse").addEventListener("click", () => {
  const body = host();
  if (body) void rehearse(body);
});
await guarded(Promise.all([
  offerHosts((found) => void guarded(begin(found))),
  makeForm(() => void plan()),
  listRules({ host, openGolden: (name) => void guarded(goldenHost(name).then(begin)), changed: unshare }).then((found) => { summaries = found; }),
  offerRollouts().then((offered) => (offered ? offerRuns() : undefined)),
]));
document.body.classList.add("ready");
await restore();
