/** The whole of `mgmtnet apply` on a stand-in for the captured host, told as it happens. */
import { at, fill, make } from "./elements.js";
import { problemCard } from "./plan.js";
import { events, problemsOf, superseded } from "./service.js";

/** @import { Host, RunEvent } from "./documents.js" */

/** @type {AbortController|null} */
let running = null;

/**
 * Rehearse, or stop a rehearsal that runs.
 *
 * @param {Host} host
 */
export async function rehearse(host) {
  if (running) return stop();
  const stopped = new AbortController();
  running = stopped;
  fill(at("rehearsed"));
  fill(at("rehearsal-problems"));
  tell("running", "It is played on a stand-in: no host is touched.");
  try {
    for await (const { kind, data } of events("/v1/rehearse", stopped.signal, { body: host })) show({ ...data, kind });
  } catch (failure) {
    if (!superseded(failure)) fill(at("rehearsal-problems"), ...problemsOf(failure).map(problemCard));
    tell("ended", superseded(failure) ? "Stopped." : "It could not be played.");
  }
  if (running === stopped) running = null;
  at("rehearse").textContent = "Rehearse";
}

/** Stop a rehearsal, and forget what it told. */
export function forget() {
  stop();
  fill(at("rehearsed"));
  fill(at("rehearsal-problems"));
  tell("", "");
}

function stop() {
  running?.abort();
  running = null;
}

/** @param {RunEvent} event */
function show(event) {
  const step = event.step ?? "";
  if (event.kind === "begin") at("rehearsed").append(line(step, event.said ?? "", "doing"));
  if (event.kind === "end") latest(step)?.replaceWith(line(step, event.said ?? "", "done"));
  if (event.kind === "problem") latest(step)?.replaceWith(line(step, event.said ?? "", "failed"));
  if (event.kind === "problems" && event.problems) {
    fill(at("rehearsal-problems"), ...event.problems.map(problemCard));
    tell("ended", "There is nothing to rehearse.");
  }
  if (event.kind === "plan") tell("ended", "There is nothing to rehearse: the plan changes nothing, or refuses.");
  if (event.kind === "report") {
    if (event.problem) fill(at("rehearsal-problems"), problemCard(event.problem));
    tell(event.succeeded ? "succeeded" : "failed", `The host ends ${event.standing}; ${event.advice}.`);
  }
}

/** @param {string} step */
function latest(step) {
  const lines = [...at("rehearsed").children].filter((one) => one instanceof HTMLElement && one.dataset["step"] === step);
  return lines.at(-1);
}

/**
 * @param {string} step
 * @param {string} said
 * @param {"doing"|"done"|"failed"} how
 */
function line(step, said, how) {
  return make(
    "li",
    { class: how, "data-step": step },
    make("span", { class: "mark" }, how),
    make("span", {}, make("strong", {}, `${step}:`), ` ${said}`),
  );
}

/**
 * @param {string} how
 * @param {string} words
 */
function tell(how, words) {
  const place = at("rehearsal-told");
  place.dataset["how"] = how;
  place.textContent = words;
  if (how === "running") at("rehearse").textContent = "Stop";
}
