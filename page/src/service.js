/** The service: the only one that the page speaks to. */
import { at } from "./elements.js";

/** @import { Problem, Sent } from "./documents.js" */

const TOKEN = "mgmtnet-token";

/** An answer that is a problem document. */
export class Refused extends Error {
  /** @param {Problem[]} problems */
  constructor(problems) {
    super(problems[0]?.message ?? "the service answered with nothing that can be read");
    this.problems = problems;
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function look(path, signal) {
  return (await request(path, { signal: signal ?? null })).json();
}

/**
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(path, body, signal) {
  return (await post(path, body, "application/json", signal)).json();
}

/**
 * Ask for something that is begun once, however often it is asked for by this ``key``.
 *
 * @param {string} path
 * @param {object} body
 * @param {string} key
 * @returns {Promise<any>}
 */
export async function order(path, body, key) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  return (await request(path, { method: "POST", body: JSON.stringify(body), headers })).json();
}

let skew = 0;

/** The time by the service's clock, in milliseconds: that of this machine may be another. */
export function now() {
  return Date.now() + skew;
}

/**
 * The drawing of a host, as text that is still to be read with suspicion.
 *
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function askDrawing(body, signal) {
  return (await post("/v1/draw", body, "image/svg+xml", signal)).text();
}

/**
 * The drawing that a path has, as text that is still to be read with suspicion.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function lookDrawing(path, signal) {
  return (await request(path, { headers: { Accept: "image/svg+xml" }, signal })).text();
}

/**
 * The events of a stream, as they come: of one that is asked by a body, or of one after the ``last`` event that was seen.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {{body?: object, last?: string}} how
 * @returns {AsyncGenerator<Sent>}
 */
export async function* events(path, signal, { body, last }) {
  const accept = "text/event-stream";
  /** @type {Record<string, string>} */
  const headers = last ? { Accept: accept, "Last-Event-ID": last } : { Accept: accept };
  const answer = await (body ? post(path, body, accept, signal) : request(path, { headers, signal }));
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      const [id, kind] = ["id: ", "event: "].map((head) => lines.find((line) => line.startsWith(head))?.slice(head.length) ?? "");
      if (data) yield { id: id ?? "", kind: kind ?? "", data: JSON.parse(data) };
    }
  }
}

/**
 * Whether a failure only says that something newer was asked.
 *
 * @param {unknown} failure
 */
export function superseded(failure) {
  return failure instanceof DOMException && failure.name === "AbortError";
}

/**
 * What a failure tells, as problems.
 *
 * @param {unknown} failure
 * @returns {Problem[]}
 */
export function problemsOf(failure) {
  if (failure instanceof Refused && failure.problems.length) return failure.problems;
  const message = failure instanceof Error ? failure.message : String(failure);
  return [problem("service-silent", `the service did not answer: ${message}`, "see whether `mgmtnet serve` still runs")];
}

/**
 * @param {string} code
 * @param {string} message
 * @param {string} hint
 * @returns {Problem}
 */
export function problem(code, message, hint) {
  return { code, severity: "error", message, hint, event: "", rule: "", where: [] };
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} accept
 * @param {AbortSignal} [signal]
 */
function post(path, body, accept, signal) {
  const headers = { "Content-Type": "application/json", Accept: accept };
  return request(path, { method: "POST", body: JSON.stringify(body), headers, signal: signal ?? null });
}

/**
 * @param {string} path
 * @param {RequestInit} how
 * @returns {Promise<Response>}
 */
async function request(path, how) {
  const headers = new Headers(how.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const answer = await fetch(path, { ...how, headers });
  skew = Date.parse(answer.headers.get("Date") ?? "") - Date.now() || 0;
  if (answer.ok) return answer;
  const problems = await told(answer);
  if (answer.status !== 401) throw new Refused(problems);
  await tokenGiven(token !== null && token === sessionStorage.getItem(TOKEN));
  return request(path, how);
}

/**
 * @param {Response} answer
 * @returns {Promise<Problem[]>}
 */
async function told(answer) {
  try {
    return (await answer.json()).problems ?? [];
  } catch {
    return [problem("answer-unread", `the service answered ${answer.status}`, "try again")];
  }
}

/** @type {Promise<void>|null} */
let asking = null;

/**
 * Ask for a token, once for all requests that wait for it.
 *
 * @param {boolean} again whether one was given that is not known
 */
function tokenGiven(again) {
  if (again) sessionStorage.removeItem(TOKEN);
  asking ??= new Promise((resolve) => {
    const dialog = at("token-dialog", HTMLDialogElement);
    const field = at("token", HTMLInputElement);
    at("token-wrong").hidden = !again;
    field.value = "";
    dialog.oncancel = (event) => event.preventDefault();
    at("token-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      sessionStorage.setItem(TOKEN, field.value.trim());
      dialog.close();
      asking = null;
      resolve();
    };
    dialog.showModal();
  });
  return asking;
}
