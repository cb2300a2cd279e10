/** Runs: how each stands, its steps as they are done; a change that waits is kept, and one that stands is taken back. */
import { at, fill, make, said, write } from "./elements.js";
import { problemCard } from "./plan.js";
import { ask, events, look, now, order, problemsOf, superseded } from "./service.js";
import { offerView } from "./views.js";

/** @import { Ended, Run } from "./documents.js" */

const VIEW = "#runs";
// Runs that are listed, the newest: the service takes a second for a thousand of them.
const MOST = 100;
// Milliseconds until a stream that broke off is asked for anew.
const AGAIN = 2000;
const SECOND = 1000;
// What a run has changed that ended so, another can take back (planner/apply/reversal.py).
const CHANGED = ["as planned and saved", "as planned, not saved", "as planned, perhaps not saved"];

/** @type {Run|null} */
let run = null;
let following = new AbortController();
let ticking = 0;
/** By which the run is begun that takes the shown one back: however often it is asked for. */
let key = "";

/** Offer the view. */
export async function offerRuns() {
  at("run-keep").addEventListener("click", () => void keep());
  at("run-undo").addEventListener("click", () => {
    write("undo-told", `What the run ${run?.run} has changed on ${run?.host} is taken back, under the same check as any change.`);
    at("undo-dialog", HTMLDialogElement).showModal();
  });
  at("undo-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void undo();
  });
  at("undo-not").addEventListener("click", () => at("undo-dialog", HTMLDialogElement).close());
  await offerView("runs", show);
}

/** Show the list, and the run that the address names, else the newest. @param {string[]|null} parts */
async function show(parts) {
  stop();
  if (!parts) return;
  try {
    const [first] = await list();
    const name = parts[0] || first?.run;
    if (name) await follow(name);
  } catch (failure) {
    tellProblems(failure);
  }
}

function stop() {
  following.abort();
  clearInterval(ticking);
  run = null;
  at("run").hidden = true;
  fill(at("run-problems"));
}

/** @returns {Promise<Run[]>} */
async function list() {
  const found = /** @type {Run[]} */ ((await look(`/v1/runs?newest=${MOST}`)).runs);
  at("runs-none").hidden = found.length > 0;
  fill(at("run-list"), ...found.map((one) => make("li", {}, make(
    "a",
    { href: `${VIEW}/${one.run}`, "data-name": one.run, "aria-current": one.run === run?.run ? "true" : undefined },
    make("strong", {}, one.host),
    make("span", { class: `mark ${how(one)}` }, one.confirm_by ? "asks" : one.state),
    make("span", {}, `${new Date(one.began * SECOND).toLocaleString()} · ${one.standing}${one.undoes ? ` (undoes ${one.undoes})` : ""}`),
  ))));
  return found;
}

/** @param {Run} one */
function how(one) {
  if (one.state !== "ended") return "busy";
  return one.standing === CHANGED[0] ? "good" : CHANGED.includes(one.standing) || one.standing === "unknown" ? "bad" : "waits";
}

/** Show a run, and what it does for as long as it is looked at. @param {string} name */
async function follow(name) {
  following = new AbortController();
  const { signal } = following;
  const path = `/v1/runs/${encodeURIComponent(name)}`;
  await tell(path, signal);
  for (let last = ""; !signal.aborted && run?.state !== "ended";) {
    try {
      for await (const { id } of events(`${path}/events`, signal, { last })) {
        last = id || last;
        await tell(path, signal);
      }
    } catch (failure) {
      if (superseded(failure)) return;
      tellProblems(failure);
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function tell(path, signal) {
  const found = /** @type {Run} */ (await look(path, signal));
  if (signal.aborted) return;
  const other = found.run !== run?.run;
  run = found;
  if (other) key = crypto.randomUUID();
  at("run").hidden = false;
  write("run-name", found.run);
  write("run-state", found.confirm_by ? "asks" : found.state);
  at("run-state").dataset["how"] = how(found);
  write("run-said", found.standing);
  const about = [found.host, found.network, `since ${new Date(found.began * SECOND).toLocaleString()}`, found.undoes && `undoes ${found.undoes}`];
  write("run-about", about.filter(Boolean).join(" · "));
  at("run-asks").hidden = at("run-keep").hidden = !found.confirm_by;
  at("run-undo").hidden = found.state !== "ended" || !CHANGED.includes(found.standing);
  fill(at("run-steps"), ...found.steps.map((step) => make("li", {}, make("strong", {}, `${step.name}:`), ` ${said(step.said)}`)));
  clearInterval(ticking);
  if (found.confirm_by) ticking = setInterval(tick, SECOND);
  tick();
  if (other || found.state === "ended" || found.confirm_by) await list();
}

/** How long somebody may still say that the change is to be kept. */
function tick() {
  const left = Math.round((run?.confirm_by ?? 0) - now() / SECOND);
  write("run-left", left > 0 ? `${left} s left` : "its time is over, unless the run was gone on with since");
}

async function keep() {
  await ordered((name) => ask(`/v1/runs/${encodeURIComponent(name)}/confirm`, {}));
}

async function undo() {
  at("undo-dialog", HTMLDialogElement).close();
  await ordered(async (name) => {
    const found = /** @type {Run & Ended} */ (await order(`/v1/runs/${encodeURIComponent(name)}/undo`, {}, key));
    if (found.run) location.hash = `${VIEW}/${found.run}`;
    else write("run-said", found.steps[0]?.said ?? found.standing);
  });
}

/** @param {(name: string) => Promise<unknown>} what */
async function ordered(what) {
  if (!run) return;
  const buttons = [at("run-keep", HTMLButtonElement), at("run-undo", HTMLButtonElement)];
  fill(at("run-problems"));
  for (const button of buttons) button.disabled = true;
  try {
    await what(run.run);
  } catch (failure) {
    tellProblems(failure);
    key = crypto.randomUUID();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** @param {unknown} failure */
function tellProblems(failure) {
  if (!superseded(failure)) fill(at("run-problems"), ...problemsOf(failure).map(problemCard));
}
