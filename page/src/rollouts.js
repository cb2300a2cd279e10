/** Rollouts: their waves as they fill, their hosts by state, and what became of each; as `mgmtnet rollout` has them. */
import { drawn } from "./drawing.js";
import { afterQuiet, at, fill, goTo, make, said, write } from "./elements.js";
import { problemCard } from "./plan.js";
import { ask, events, look, lookDrawing, problemsOf, superseded } from "./service.js";
import { offerView } from "./views.js";

/** @import { Rollout, RolloutHost, RolloutHostTold, Standing } from "./documents.js" */

const VIEW = "#rollouts";
// Milliseconds until a stream that broke off is asked for anew, and a host that is worked on is looked at again.
const AGAIN = 2000;
// Hosts that are listed at once: a thousand of them take a slow machine a second, at each change.
const MOST = 200;
// How a host's state is said (planner/fleet/account.py), in the order of a bar: good, under way, in trouble, waiting.
const STATES = /** @type {Record<string, {how: string, words: string}>} */ ({
  saved: { how: "good", words: "as planned and saved" },
  "at work": { how: "busy", words: "is worked on" },
  queued: { how: "busy", words: "is next" },
  unproven: { how: "bad", words: "as planned and saved, but not all of it is proven" },
  unsaved: { how: "bad", words: "as planned, not saved" },
  before: { how: "bad", words: "as before" },
  adopted: { how: "bad", words: "adopted" },
  unknown: { how: "bad", words: "unknown" },
  refused: { how: "bad", words: "refused" },
  failed: { how: "bad", words: "not begun" },
  held: { how: "bad", words: "its plan is of another shape than its canary's" },
  elsewhere: { how: "waits", words: "is worked on by another rollout" },
  waiting: { how: "waits", words: "waits" },
});
// What the word for a state says already.
const UNSAID = ["saved", "at work", "queued", "waiting"];
const ENDED = ["done", "failed", "stopped"];

/** @type {Rollout|null} */
let rollout = null;
let only = "";
let opened = "";
let following = new AbortController();
/** When the host that is looked at is looked at again. */
let again = 0;

/** Offer the view, where this service has rollouts and whoever asks may see them; whether it has. */
export async function offerRollouts() {
  try {
    await list();
  } catch (failure) {
    if (superseded(failure)) throw failure;
    return false;
  }
  for (const asked of /** @type {const} */ (["pause", "resume", "stop"])) {
    at(`rollout-${asked}`).addEventListener("click", () => void order(asked));
  }
  at("rollout-search", HTMLInputElement).addEventListener("input", afterQuiet(100, showHosts));
  await offerView("rollouts", go);
  return true;
}

/** Show what the address says: the list, a rollout, one of its hosts. @param {string[]|null} parts */
async function go(parts) {
  if (!parts) return stop();
  const [name = "", host = ""] = parts;
  const other = name !== rollout?.rollout;
  opened = host;
  if (!other && name) return openHost();
  stop();
  try {
    const [first] = await list();
    if (name || first) await follow(name || first?.name || "");
  } catch (failure) {
    tellProblems(failure);
  }
}

function stop() {
  following.abort();
  rollout = null;
  only = "";
  at("rollout").hidden = true;
  at("rollout-host-name").textContent = "";
  fill(at("rollout-problems"));
}

/** @returns {Promise<Standing[]>} */
async function list() {
  const found = /** @type {Standing[]} */ ((await look("/v1/rollouts")).rollouts).reverse();
  found.sort((one, other) => Number(Boolean(one.ended)) - Number(Boolean(other.ended)));
  at("rollouts-none").hidden = found.length > 0;
  fill(at("rollout-list"), ...found.map((one) => make("li", {}, make(
    "a",
    { href: `${VIEW}/${one.name}`, "data-name": one.name },
    make("strong", {}, one.name),
    make("span", { class: "quiet" }, one.ended || { go: "going", pause: "paused", stop: "stopping" }[one.asked]),
  ))));
  return found;
}

/** Show a rollout, and what becomes of it for as long as it is looked at. @param {string} name */
async function follow(name) {
  following = new AbortController();
  const { signal } = following;
  const found = /** @type {Rollout} */ (await look(`/v1/rollouts/${name}`, signal));
  if (signal.aborted) return;
  rollout = found;
  for (const link of at("rollout-list").querySelectorAll("a")) {
    if (link.dataset["name"] === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  at("rollout").hidden = false;
  at("rollout-name").textContent = name;
  at("rollout-search", HTMLInputElement).value = "";
  fill(at("rollout-listed"), ...found.listed.map((one) => make("li", {}, make("strong", {}, one.name), ` ${one.message}`)));
  at("rollout-left").hidden = found.listed.length === 0;
  write("rollout-left-out", `${found.listed.length} left out before it started`);
  show();
  void openHost();
  void live(name, signal);
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 */
async function live(name, signal) {
  let last = "";
  while (!signal.aborted) {
    try {
      for await (const { id, kind, data } of events(`/v1/rollouts/${name}/events`, signal, { last })) {
        last = id || last;
        at("rollout-told").textContent = "";
        if (!rollout || signal.aborted) return;
        if (kind === "host") change(data);
        if (kind === "rollout") Object.assign(rollout, data);
        if (kind === "ended") return showSoon();
        showSoon();
      }
    } catch (failure) {
      if (superseded(failure)) return;
      at("rollout-told").textContent = `${problemsOf(failure)[0]?.message ?? ""}: asking again.`;
    }
    await new Promise((done) => setTimeout(done, AGAIN));
  }
}

/** @param {RolloutHost} host */
function change(host) {
  if (!rollout) return;
  rollout.hosts[host.number] = host;
  if (host.host === opened) void openHost();
}

/** @param {"pause"|"resume"|"stop"} asked */
async function order(asked) {
  if (!rollout) return;
  const { rollout: name } = rollout;
  const over = ENDED.includes(rollout.state);
  const buttons = at("rollout").querySelectorAll("button[id]");
  fill(at("rollout-problems"));
  for (const button of buttons) if (button instanceof HTMLButtonElement) button.disabled = true;
  try {
    const found = /** @type {Rollout} */ (await ask(`/v1/rollouts/${name}/${asked}`, {}));
    if (rollout?.rollout !== name) return;
    rollout = found;
    if (over) {
      following.abort();
      await follow(name);
    }
  } catch (failure) {
    tellProblems(failure);
  } finally {
    for (const button of buttons) if (button instanceof HTMLButtonElement) button.disabled = false;
    show();
  }
}

/** @param {unknown} failure */
function tellProblems(failure) {
  if (!superseded(failure)) fill(at("rollout-problems"), ...problemsOf(failure).map(problemCard));
}

const showSoon = afterQuiet(100, show);

function show() {
  if (!rollout) return;
  const { state } = rollout;
  at("rollout-state").textContent = state;
  at("rollout-state").dataset["how"] = { done: "good", failed: "bad", going: "busy" }[state] ?? "waits";
  write("rollout-said", rollout.said);
  const listed = at("rollout-list").querySelector("[aria-current] > span");
  if (listed) listed.textContent = state;
  const went = [
    `${rollout.hosts.length} hosts by ${rollout.rules.name}`,
    `at most ${rollout.concurrency} at once`,
    `${rollout.failures} failed, and ${rollout.max_failures} may`,
    rollout.window && `between ${rollout.window}`,
    `since ${new Date(rollout.began * 1000).toLocaleString()}`,
  ];
  write("rollout-about", went.filter(Boolean).join(" · "));
  const unattended = state === "going" && rollout.workers.length === 0;
  write("rollout-unattended", unattended ? "Nobody works on it who has its rules: resume it here, or start `mgmtnet worker`." : "");
  at("rollout-pause").hidden = state !== "going";
  at("rollout-resume").hidden = state === "done" || (state === "going" && !unattended);
  at("rollout-stop").hidden = [...ENDED, "stopping"].includes(state);
  fill(at("waves"), ...rollout.waves.map(wave));
  keep(at("rollout-states"), ["", ...Object.keys(STATES).filter((one) => one === only || rollout?.counts[one])].map(chip));
  showHosts();
}

/** @param {Rollout["waves"][number]} wave */
function wave({ wave: number, hosts, counts }) {
  const known = Object.entries(STATES).filter(([state]) => counts[state]);
  const bar = make("div", { class: "bar", "aria-hidden": "true" }, ...known.map(([state, { how }]) => {
    const part = make("span", { class: how });
    part.style.flexGrow = String(counts[state]);
    return part;
  }));
  const words = known.map(([state]) => `${counts[state]} ${state}`).join(", ");
  return make("li", {}, make("strong", {}, `Wave ${number}`), bar, make("span", {}, `${hosts} ${hosts === 1 ? "host" : "hosts"}: ${words}`));
}

/** @param {string} state the hosts in which are to be shown alone; empty: all are @returns {HTMLElement} */
function chip(state) {
  const choose = () => {
    only = state;
    show();
  };
  const count = state ? rollout?.counts[state] ?? 0 : rollout?.hosts.length;
  return make("button", { type: "button", class: "chip", "aria-pressed": String(only === state), "data-key": state, onclick: choose }, `${state || "all"} ${count}`);
}

function showHosts() {
  if (!rollout) return;
  const sought = at("rollout-search", HTMLInputElement).value.trim().toLowerCase();
  const found = rollout.hosts.filter((one) => (!only || one.state === only) && (!sought || one.host.toLowerCase().includes(sought)));
  write("rollout-count", `${found.length} of ${rollout.hosts.length} hosts`);
  const more = found.length > MOST && make("li", { class: "more" }, `and ${found.length - MOST} more: search for one`);
  keep(at("rollout-hosts"), [...found.slice(0, MOST).map(line), ...(more ? [more] : [])]);
}

/** @param {RolloutHost} host */
function line(host) {
  const { how, words } = STATES[host.state] ?? { how: "waits", words: host.state };
  const link = make(
    "a",
    { href: `${VIEW}/${rollout?.rollout}/${encodeURIComponent(host.host)}`, "data-key": host.host, "aria-current": host.host === opened ? "true" : undefined },
    make("strong", {}, host.host),
    make("span", { class: `mark ${how}` }, host.state),
    make("span", {}, [host.wave && `wave ${host.wave}`, host.said || (UNSAID.includes(host.state) ? "" : words)].filter(Boolean).join(": ")),
  );
  return make("li", {}, link);
}

/** Show one host: its report and its drawing. */
async function openHost() {
  const name = rollout?.rollout;
  showHosts();
  at("rollout-host").hidden = !opened;
  at("rollout-host-none").hidden = Boolean(opened);
  if (!opened || !name) return;
  const host = opened;
  const other = at("rollout-host-name").textContent !== host;
  at("rollout-host-name").textContent = host;
  if (other) {
    fill(at("rollout-drawing"));
    goTo(at("rollout-host-name"));
  }
  const path = `/v1/rollouts/${name}/hosts/${encodeURIComponent(host)}`;
  try {
    const told = /** @type {RolloutHostTold} */ (await look(path, following.signal));
    if (host !== opened) return;
    tellHost(told);
    if (told.run && !at("rollout-drawing").hasChildNodes()) {
      const picture = drawn(await lookDrawing(path, following.signal));
      if (host === opened) fill(at("rollout-drawing"), picture);
    }
    clearTimeout(again);
    if (told.host.state === "at work") again = setTimeout(() => void (host === opened && rollout?.rollout === name && openHost()), AGAIN);
  } catch (failure) {
    if (!superseded(failure)) fill(at("rollout-host-problems"), ...problemsOf(failure).map(problemCard));
  }
}

/** @param {RolloutHostTold} told */
function tellHost({ host, run, report }) {
  const { how, words } = STATES[host.state] ?? { how: "waits", words: host.state };
  const place = [host.wave ? `wave ${host.wave}` : "in no wave", host.target, host.kind, run && `run ${run.run}`];
  const state = make("span", { class: `mark ${how}` }, host.state);
  fill(at("rollout-host-stands"), state, ` ${report ? `It stands ${report.standing}; ${report.advice}.` : words}`);
  write("rollout-host-about", place.filter(Boolean).join(" · "));
  const failure = report?.problem ?? (host.code ? { code: host.code, message: host.said, hint: "" } : null);
  const problem = failure && { severity: /** @type {const} */ ("error"), event: "", rule: "", where: [], ...failure };
  fill(at("rollout-host-problems"), problem && problemCard(problem));
  const steps = report?.steps ?? run?.steps ?? [];
  fill(at("rollout-host-steps"), ...steps.map((step) => make("li", {}, make("strong", {}, `${step.name}:`), ` ${said(step.said)}`)));
}

/**
 * Replace what is in a list, and leave the keyboard where it is.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement[]} children
 */
function keep(list, children) {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && list.contains(active) ? active.dataset["key"] : undefined;
  fill(list, ...children);
  const again = key !== undefined && [...list.querySelectorAll("[data-key]")].find((one) => one instanceof HTMLElement && one.dataset["key"] === key);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}
